// SPDX-License-Identifier: Apache-2.0
//
// A shared library that is no plugin.
int teehost_empty_library(void);

int teehost_empty_library(void) { return 0; }
