# fetch_source.sh SOURCES PACKAGE VERSION: a kernel's source from Debian's archive into src.tar.xz, beside this file, and
# its name into `source`. Where there is no such version any more, the newest of that archive is taken.
set -eu
cd "$(dirname "$0")"
echo "$1" > /etc/apt/sources.list.d/source.list
suite=$(echo "$1" | cut -d ' ' -f 3)
apt="apt-get -qq -o APT::Sandbox::User=root"
$apt update
if ! $apt download "$2=$3" 2> /dev/null; then
    newest=$(apt-cache -t "$suite" show --no-all-versions linux-source | sed -n 's/^Depends: \(linux-source-[0-9.]*\).*/\1/p')
    $apt -t "$suite" download "$newest"
fi
for package in linux-source-*.deb; do
    dpkg-deb --show --showformat '${Package} ${Version}\n' "$package" > source
    dpkg-deb --fsys-tarfile "$package" | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' > src.tar.xz
    rm "$package"
done
