"""What functions in SQL do, by their names. What is on no list may do anything."""

from __future__ import annotations

from typing import Final

from safety_core.classify.names import words_of
from safety_core.model.facts import Kind


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTIONS: Final = {
    name: (kind, frozenset(traits.split()), words)
    for kind, traits, words, names in (
        (
            Kind.CONTROL,
            "",
            "stops something or changes how the database works",
            "pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_switch_wal"
            " pg_promote pg_wal_replay_pause"
            " pg_wal_replay_resume pg_create_restore_point cron.schedule cron.unschedule sp_configure"
            " sp_start_job sp_add_job sp_update_job",
        ),
        (Kind.DESTROY, "", "deletes something", "lo_unlink pg_drop_replication_slot sp_delete_job sp_dropserver"),
        (
            Kind.CONTROL,
            "hidden",
            "starts a program on the server",
            "xp_cmdshell sys_exec sys_eval sp_oacreate sp_oamethod sp_execute_external_script",
        ),
        (
            Kind.RUN_CODE,
            "hidden",
            "runs a program",
            "load_extension dblink_exec sp_executesql query_to_xml query_to_xml_and_xmlschema ts_stat ts_rewrite"
            " dbms_scheduler.create_job dbms_java.runjava edit eval executable system lua_exec",
        ),
        (
            Kind.OUTWARD,
            "",
            "reaches another machine",
            "dblink dblink_connect http_get http_post http_put http_delete http net.http_post"
            " net.http_get utl_http.request utl_smtp utl_tcp.open_connection"
            " utl_inaddr.get_host_address httpuritype xp_dirtree xp_fileexist openrowset"
            " opendatasource openquery sp_send_dbmail url s3 s3cluster"
            " gcs azureblobstorage hdfs remote remotesecure mysql postgresql mongodb jdbc odbc"
            " postgres_scan postgres_query mysql_query mysql_scan",
        ),
        (
            Kind.WRITE,
            "",
            "changes something",
            "lo_export lo_import lo_from_bytea lo_create lo_put lowrite setval nextval set_config"
            " pg_file_write pg_advisory_lock pg_notify pg_logical_emit_message"
            " pg_stat_reset pg_stat_statements_reset",
        ),
        (Kind.WRITE, "", "writes a file", "writefile pg_file_rename pg_file_unlink utl_file.put_line utl_file.fopen"),
        (
            Kind.PERMISSION,
            "",
            "changes who may use the database",
            "sp_addsrvrolemember sp_addrolemember sp_addlogin sp_grantdbaccess sp_droplogin sp_password",
        ),
    )
    for name in names.split()
}
"""Functions that do more than read records."""

FILE_READERS: Final = _names(
    "pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file load_file readfile read_csv"
    " read_csv_auto read_parquet parquet_scan read_json"
    " read_json_auto read_ndjson read_ndjson_auto read_json_objects read_text read_blob"
    " readcsv readparquet glob lsdir sniff_csv sqlite_scan file st_read read_xlsx"
    " iceberg_scan"
    " delta_scan bfilename"
)
"""Functions that read the files their first argument names."""

DOING: Final = frozenset(name.rpartition(".")[2] for name in FUNCTIONS) | FILE_READERS
"""All of these, without the schema in front of their names."""

SECRET_TABLES: Final = _names(
    "pg_shadow pg_authid pg_user_mapping pg_user_mappings mysql.user mysql.global_priv"
    " sys.sql_logins sys.syslogins dba_users sys.user$ duckdb_secrets"
)
"""Tables that hold password hashes."""

_HARMLESS: Final = _names(
    "pg_size_pretty pg_database_size pg_table_size pg_total_relation_size pg_relation_size"
    " pg_indexes_size pg_column_size pg_typeof pg_is_in_recovery"
    " pg_postmaster_start_time pg_encoding_to_char pg_backend_pid pg_table_is_visible"
    " pg_function_is_visible pg_type_is_visible pg_conf_load_time"
    " pg_current_wal_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_wal_lsn_diff"
    " pg_blocking_pids pg_relation_filepath pg_client_encoding"
    " pg_options_to_table pg_show_all_settings pg_lock_status pg_tables_size obj_description"
    " col_description shobj_description format_type version database"
    " schema user current_setting inet_server_addr inet_client_addr now clock_timestamp"
    " statement_timestamp transaction_timestamp age timeofday"
    " row_to_json quote_ident quote_literal format unnest generate_series generate_subscripts"
    " regexp_matches width_bucket coalesce nullif greatest least"
    " ifnull iif typeof total printf instr likelihood likely unlikely changes"
    " last_insert_rowid last_insert_id row_count found_rows connection_id"
    " group_concat uuid uuid_short inet_aton inet_ntoa field elt convert_tz makedate maketime"
    " period_add period_diff sec_to_time bin oct ord soundex"
    " crc32 find_in_set export_set rand random floor ceil round abs sign sqrt power exp ln"
    " log mod pi degrees radians trunc truncate"
    " object_id object_name db_name db_id schema_name type_name serverproperty"
    " databasepropertyex host_name suser_name user_name original_login"
    " isnull len datalength charindex patindex newid getdate getutcdate sysdatetime eomonth"
    " datefromparts choose error_message"
    " tuple multiif hostname uptime currentdatabase tostring touint8 touint32 touint64"
    " toint32 toint64 tofloat64 todate todatetime tostartofhour tostartofday"
    " tostartofmonth tostartofweek toyyyymm toyyyymmdd formatreadablesize"
    " formatreadablequantity topk groupuniqarray grouparray runningdifference"
    " pragma_table_info pragma_table_list pragma_index_list pragma_index_info"
    " pragma_foreign_key_list pragma_database_list pragma_function_list"
    " duckdb_tables duckdb_columns duckdb_settings duckdb_functions duckdb_extensions"
    " duckdb_databases duckdb_views duckdb_indexes duckdb_constraints"
    " sqlite_version sqlite_source_id fts5 rtree bm25 highlight snippet writetime ttl token"
)
_HARMLESS_BEGINNINGS: Final = tuple(
    sorted(
        _names(
            "json array list_ map_ struct_ string_ str regexp regr_ date time to_ from_ st_ bit bool_ has_ "
            "pg_get_ pg_stat_get_ inet_ is_ uniq quantile any arg count sum avg min max var stddev corr "
            "percentile approx substring split concat length char hex unhex lower upper trim ltrim rtrim replace "
            "translate left right lpad rpad md5 sha xxhash levenshtein similarity ts_ tsvector plainto_ phraseto_ "
            "websearch_ make_ day month year week hour minute second extract format parse_ try_ safe_ range "
            "sequence rank dense row_ lag lead first last nth ntile cume median mode histogram information_schema "
            "system$typeof object_ geo h3_ current_"
        )
    )
)
_DOING: Final = _names(
    "delete drop purge truncate kill terminate remove update insert set write exec execute"
    " send run create reset clear alter grant"
    " revoke refund pay import export load call invoke reload restart stop"
    " transfer charge move notify publish submit launch trigger approve cancel"
)
"""Words in a function's name that say it does something, however it begins."""


def is_harmless(function: str) -> bool:
    """Tell whether a function that the parser does not know only computes, by its name in lower case."""
    if function in _HARMLESS:
        return True
    return function.startswith(_HARMLESS_BEGINNINGS) and not _DOING & set(words_of(function))
