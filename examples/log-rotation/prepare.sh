#!/bin/sh
# Makes a directory ready for nginx and logrotate: prepare.sh DIRECTORY PORT
set -eu

site=$1 port=$2
here=$(dirname "$0")
mkdir -p "$site/temporary"
# The workers of an nginx that root started are another user's, and open the log there.
chmod 755 "$site"
sed "s|@PORT@|$port|" "$here/nginx.conf" > "$site/nginx.conf"
sed "s|@SITE@|$site|" "$here/logrotate.conf" > "$site/logrotate.conf"
# logrotate reads no configuration that others may write.
chmod 644 "$site/logrotate.conf"
