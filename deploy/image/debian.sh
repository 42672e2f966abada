# For scripts to source: where packages of a newer Debian come from, on a machine that runs one.

release=trixie  # Debian 13

# The mirror that this machine's own packages come from.
mirror() {
    find /etc/apt \( -name '*.list' -o -name '*.sources' \) \
        -exec sed -nE 's/^(URIs:|deb( \[[^]]*\])?) *([a-z+]+:[^ ]+).*/\3/p' {} + |
        grep -E '/debian/?$' | sed 1q
}

uri=$(mirror) || { echo "no Debian mirror in apt's sources" >&2 && exit 1; }
