"""One treatment from the front desk to the report, through real processes."""
