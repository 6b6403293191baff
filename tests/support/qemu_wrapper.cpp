// SPDX-License-Identifier: Apache-2.0
#include "support/qemu_wrapper.h"

namespace teehost::test {

std::filesystem::path qemuWrapper(const Stage& stage, const std::string& body)
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
                  body + "\nexec qemu-system-x86_64 \"$@\"\n",
              0755);
    return path;
}

} // namespace teehost::test
