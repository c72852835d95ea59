#!/usr/bin/env bash
# The work of the action: install the engines asked for, audit, write the reports. The exit status is the audit's.
#
# PATHS, TARGETS and ARGUMENTS are words separated by white space; PORTABLE_TPL names the program.
set -euo pipefail
program=${PORTABLE_TPL:-portable-tpl}
read -r -d '' -a arguments <<<"${ARGUMENTS:-}" || true
read -r -d '' -a targets <<<"${TARGETS:-}" || true
# Globs are meant to be expanded here; words that match nothing stay, and the audit says that they name nothing.
# shellcheck disable=SC2206
paths=(${PATHS:?name the templates in PATHS})

for target in ${targets[@]+"${targets[@]}"}; do
  "$program" targets install "$target" >&2
  arguments+=(--target "$target")
done
if [ "${#targets[@]}" -eq 0 ]; then
  "$program" targets install hf-jinja >&2
fi

summary=$(mktemp)
status=0
"$program" audit --require-targets --fail-on "${FAIL_ON:-error}" --format github \
  --report "sarif=${SARIF:-portable-tpl.sarif}" --report "markdown=$summary" \
  ${arguments[@]+"${arguments[@]}"} -- "${paths[@]}" || status=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -s "$summary" ]; then
  cat "$summary" >>"$GITHUB_STEP_SUMMARY"
fi
rm -f "$summary"
exit "$status"
