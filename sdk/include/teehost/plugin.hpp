// SPDX-License-Identifier: Apache-2.0
//
// The C++20 layer over the plugin ABI: derive a class, declare what it is, export it with one macro. Header-only; it
// becomes part of the plugin and is no part of the ABI. What each thing means is said in plugin.h.
//
//     #include <teehost/plugin.hpp>
//     using namespace teehost::sdk;
//
//     struct Hello final : Plugin {
//         static constexpr About kAbout{.id = "hello", .version = "1.0.0", .vendor = "me", .license = "Apache-2.0",
//                                       .summary = "Boots a VM and greets", .flags = TH_ROLE_BACKEND};
//         static constexpr std::array kOptions{
//             Option{.key = "greeting", .help = "Shown in the VM's notes.", .defaultText = "hello"}};
//
//         explicit Hello(Call call) : greeting_(call.text("greeting")) {}
//         void compose(Call, const Vm& vm, Fragment out) override
//         {
//             out.directBoot(vm.kernel(), vm.initrd(), vm.cmdline());
//             out.note("greeting", greeting_);
//         }
//
//     private:
//         std::string greeting_;
//     };
//     TEEHOST_PLUGIN(Hello)
#pragma once

#include <teehost/sdk/bridge.hpp>
