#!/usr/bin/env bash
# run_fuzzers.sh BUILD [SECONDS]: runs the fuzz targets of a build folder one after the other, SECONDS each; without
# it a minute for the grid and 12 seconds for each other one. Starts from fuzz/corpus/ and what earlier runs found
# (BUILD/corpus). One line per target; a failure shows what broke and how to run it again, and ends the run with 1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=$1
seconds=${2:-}
mkdir -p "$build/crashes"

export ARROW_DEFAULT_MEMORY_POOL=system # malloc, which the sanitizers watch
export ASAN_OPTIONS=malloc_context_size=6
export UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS=suppressions=$PWD/tools/sanitizers/lsan.supp:print_suppressions=0

failed=0
for target in grid item wkb avro metadata manifest inventory small_file; do
  program=$build/fuzz/${target}_fuzz
  found=$build/corpus/$target
  log=$build/$target.log
  mkdir -p "$found"
  corpora=("$found")
  [[ -d fuzz/corpus/$target ]] && corpora+=("fuzz/corpus/$target")
  options=(-max_total_time="${seconds:-$([[ $target == grid ]] && echo 60 || echo 12)}" -max_len=4096 -timeout=30
    -entropic=0 -print_final_stats=1 -verbosity=1 -artifact_prefix="$build/crashes/$target-")
  # Its bytes are choices, all of which count at once: no need to begin with short inputs.
  [[ $target == grid ]] && options+=(-len_control=0 -max_len=384)
  start=$SECONDS
  if "$program" "${options[@]}" "${corpora[@]}" >"$log" 2>&1; then
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "    ${target}_fuzz: $executions executions in $((SECONDS - start)) s, corpus of $(find "$found" -type f | wc -l)"
  else
    failed=1
    echo "    ${target}_fuzz: FAILED; the whole log is $log"
    sed -n '/==> broken promise\|ERROR: \|runtime error: /,$p' "$log" | head -60
    reproducer=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
    echo "    reproducer: ${reproducer:-none}"
    echo "    run it again: ARROW_DEFAULT_MEMORY_POOL=system $program ${reproducer:-}"
  fi
done
exit $failed
