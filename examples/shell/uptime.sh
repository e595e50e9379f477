#!/usr/bin/env bash
# The service uptime_shell, with nothing but Bash: it registers, says what it understands, and answers UPTIME.
set -euo pipefail

# Bash opens TCP connections, and no Unix sockets.
address=${SNAPCOMMUNICATOR:-sc://127.0.0.1:4040}
if [[ ! $address =~ ^sc://([^/]+):([0-9]+)$ ]]; then
  echo "SNAPCOMMUNICATOR is $address, expected sc://HOST:PORT" >&2
  exit 2
fi
exec 3<>"/dev/tcp/${BASH_REMATCH[1]}/${BASH_REMATCH[2]}"

say() { printf '%s\n' "${1%;}" >&3; }

# given NAME: that parameter of the message as it came, with a semicolon behind it, or nothing.
given() { if [[ ";$parameters" =~ ";$1="([^\;]*) ]]; then printf '%s' "$1=${BASH_REMATCH[1]};"; fi; }

say 'REGISTER service=uptime_shell;version=1'
while IFS= read -r line <&3; do
  [[ $line =~ ^'<'([^ ]+)' '([^ /]*/)?([A-Z_][A-Z0-9_]*)' '?(.*)$ ]] || continue # without a sender there is nobody to answer
  sender=${BASH_REMATCH[1]} command=${BASH_REMATCH[3]} parameters=${BASH_REMATCH[4]}
  # Whoever asked knows the answer by the correlation id, which therefore goes back.
  case $command in
    HELP) say "$sender/COMMANDS $(given correlation_id)list=ALIVE,HELP,STOP,UPTIME" ;;
    ALIVE) say "$sender/ABSOLUTELY $(given correlation_id)reply_timestamp=$(date +%s.%N);$(given serial)$(given timestamp)" ;;
    UPTIME) say "$sender/UP $(given correlation_id)seconds=$SECONDS" ;;
    STOP) say 'UNREGISTER service=uptime_shell' ;;
    *) ;;
  esac
done
