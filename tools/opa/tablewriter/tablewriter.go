// Package tablewriter has the few calls that OPA makes to draw the tables of its command line.
//
// OPA is written against version 0 of github.com/olekukonko/tablewriter, and Debian's is version 1, whose calls differ. The
// server, which the tests run, draws no tables.
package tablewriter

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

const (
	ALIGN_CENTER = iota
	ALIGN_LEFT
)

type Table struct {
	out    io.Writer
	header []string
	rows   [][]string
}

func NewWriter(out io.Writer) *Table { return &Table{out: out} }

func DisplayWidth(text string) int { return utf8.RuneCountInString(text) }

func (table *Table) SetHeader(header []string) { table.header = header }

func (table *Table) Append(row []string) { table.rows = append(table.rows, row) }

func (table *Table) AppendBulk(rows [][]string) { table.rows = append(table.rows, rows...) }

func (table *Table) NumLines() int { return len(table.rows) }

func (table *Table) Render() {
	columns := tabwriter.NewWriter(table.out, 0, 8, 2, ' ', 0)
	for _, row := range append([][]string{table.header}, table.rows...) {
		fmt.Fprintln(columns, strings.Join(row, "\t"))
	}
	columns.Flush()
}

func (*Table) SetAlignment(int)                     {}
func (*Table) SetAutoFormatHeaders(bool)            {}
func (*Table) SetAutoMergeCells(bool)               {}
func (*Table) SetAutoMergeCellsByColumnIndex([]int) {}
func (*Table) SetAutoWrapText(bool)                 {}
func (*Table) SetColMinWidth(_, _ int)              {}
func (*Table) SetColumnAlignment([]int)             {}
func (*Table) SetRowLine(bool)                      {}
