# Readings come as CSV: the header stays, rows whose first value is missing or negative go.
awk -F, 'NR == 1 || ($1 != "" && $1 >= 0)'
