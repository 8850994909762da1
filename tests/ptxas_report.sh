#!/bin/sh
# ptxas_report.sh COMPILER...: runs a compilation and keeps what ptxas says of its kernels in OBJECT.ptxas, which
# resources_test.py reads.
object=
previous=
for word in "$@"; do
  [ "$previous" = -o ] && object=$word
  previous=$word
done
[ -n "$object" ] || exec "$@"
status=0
"$@" 2>"$object.stderr" || status=$?
report='^ptxas info|bytes stack frame'
grep -E "$report" "$object.stderr" >"$object.ptxas"
grep -vE "$report" "$object.stderr" >&2
rm -f "$object.stderr"
exit $status
