#!/usr/bin/env bash
# The README's first command on a checkout that has no environment yet: comes up, answers, and stops when asked to.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export PORT="${PORT:-8765}"
log=$(mktemp)
setsid make run >"$log" 2>&1 </dev/null &
make_run=$!
trap 'kill -TERM -- "-$make_run" 2>/dev/null || true; rm -f "$log"' EXIT

began=$SECONDS
until (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null && grep -q 'The engine is ready' "$log"; do
  if ! kill -0 "$make_run" 2>/dev/null || ((SECONDS - began > 900)); then
    cat "$log"
    echo 'make run did not come up.'
    exit 1
  fi
  sleep 0.2
done
echo "make run was ready after $((SECONDS - began)) s"
kill -TERM -- "-$make_run"
wait "$make_run" || true
trap 'rm -f "$log"' EXIT
