#!/usr/bin/env bash
# Every template of the corpus beside docker-compose 1.29: both call it valid, or both do not, or
# tests/apis/compose/testdata/validity.txt says why they differ. What Gantry says stands in the
# goldens, which compose_test holds against the code.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../hack/lib/common.sh"
CORPUS=$ROOT/tests/apis/compose/testdata
case "$(docker-compose --version 2>/dev/null)" in
  *" 1.29"*) ;;
  *) echo "skipped: there is no docker-compose 1.29 here"; exit 0 ;;
esac
export POSTGRES_VERSION=15 DB_PASSWORD=x DOCKER_HOST=tcp://127.0.0.1:1
passed=0 failed=0 explained=0
for file in "$CORPUS"/*.yaml; do
  name=$(basename "$file" .yaml)
  ours=valid theirs=valid
  ! grep -q '^errors:' "$CORPUS/$name.golden" || ours=invalid
  said=$(docker-compose -p shop -f "$file" config -q 2>&1) || theirs=invalid
  listed=$(awk -v name="$name" '$1 == name {print $2}' "$CORPUS/validity.txt")
  if [ "$ours" = "$theirs" ] && [ -z "$listed" ]; then
    passed=$((passed + 1))
  elif [ "$ours" != "$theirs" ] && [ "$listed" = "$theirs" ]; then
    explained=$((explained + 1))
  else
    failed=$((failed + 1))
    echo "FAILED $name: $ours here, $theirs there, the list says '${listed:-the same}': $said"
  fi
done
for name in $(awk '!/^#/ {print $1}' "$CORPUS/validity.txt"); do
  [ -f "$CORPUS/$name.yaml" ] || { echo "FAILED validity.txt names $name, which is not there"; failed=$((failed + 1)); }
done
echo "$passed agree, $explained differ and say why, $failed fail"
[ "$failed" -eq 0 ] && [ "$passed" -gt 50 ]
