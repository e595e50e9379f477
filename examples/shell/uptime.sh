#!/usr/bin/env bash
# The service uptime_shell, with nothing but Bash: it registers, says what it understands, and answers UPTIME.
set -euo pipefail

# SNAPCOMMUNICATOR names the communicator: sc://HOST:PORT, or sc:///PATH, for which Bash needs the help of nc.
address=${SNAPCOMMUNICATOR:-sc://127.0.0.1:4040}
address=${address#sc://}
if [[ $address == /* ]]; then
  coproc nc -U "$address"
  exec {input}<&"${COPROC[0]}" {output}>&"${COPROC[1]}"
else
  exec {input}<>"/dev/tcp/${address%:*}/${address##*:}" {output}>&"$input"
fi

say() { printf '%s\n' "$1" >&"$output"; }

say 'REGISTER service=uptime_shell;version=1'
while IFS= read -r -u "$input" line; do
  [[ $line =~ ^'<'([^ ]*)' '([^ /]*/)?([A-Z_][A-Z0-9_]*)(' '(.*))?$ ]] || continue
  sender=${BASH_REMATCH[1]} command=${BASH_REMATCH[3]} parameters=";${BASH_REMATCH[5]}"
  # What makes an answer recognisable to the one who asked.
  asked=
  for name in correlation_id serial timestamp; do
    [[ $parameters =~ \;($name=[^\;]*) ]] && asked+=";${BASH_REMATCH[1]}"
  done
  case $command in
    HELP) say "$sender/COMMANDS list=ALIVE,HELP,STOP,UPTIME" ;;
    ALIVE) say "$sender/ABSOLUTELY reply_timestamp=$(date +%s.%N)$asked" ;;
    UPTIME) say "$sender/UP seconds=$SECONDS$asked" ;;
    STOP) say 'UNREGISTER service=uptime_shell' ;;
  esac
done
