"""What approvers made beside answers: edits of arguments, outward grants and their withdrawal."""
