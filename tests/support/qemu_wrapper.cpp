// SPDX-License-Identifier: Apache-2.0
#include "support/qemu_wrapper.h"

namespace teehost::test {

namespace {

std::filesystem::path script(const Stage& stage, const std::string& body)
{
    const auto path = stage.scratch / "qemu-wrapper";
    writeFile(path,
              "#!/bin/sh\n"
              "dir='" +
                  stage.scratch.path().string() +
                  "'\n"
                  "[ \"$1\" = --version ] && exec qemu-system-x86_64 --version\n"
                  // The shell itself waits, so that the process keeps the name of the VM.
                  "hang() { mkfifo \"$dir/never\"; read -r never < \"$dir/never\"; }\n"
                  "for argument in \"$@\"; do\n"
                  "    case $argument in\n"
                  "    *hostfwd=tcp:*) port=${argument#*hostfwd=tcp:*:} port=${port%%-*} ;;\n"
                  "    esac\n"
                  "done\n" +
                  body + "\n",
              0755);
    return path;
}

} // namespace

std::filesystem::path qemuWrapper(const Stage& stage, const std::string& body)
{
    return script(stage, body + "\nexec qemu-system-x86_64 \"$@\"");
}

std::filesystem::path standInQemu(const Stage& stage, const std::string& body)
{
    return script(stage, body + R"sh(
kept=
while [ $# -gt 1 ]; do
    case "$1 $2" in
    "-name "* | "-uuid "* | "-mon "* | "-netdev "* | "-fsdev "* | "-chardev socket,id=qmp0,"*) kept="$kept $1 '$2'" ;;
    esac
    shift
done
eval "exec qemu-system-x86_64 -machine none -S -nodefaults -display none $kept")sh");
}

} // namespace teehost::test
