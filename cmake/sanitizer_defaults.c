// SPDX-License-Identifier: Apache-2.0
//
// In every program of a build with TEEHOST_SANITIZE: what the sanitizers' runtimes ask a program for when the
// environment does not say (sanitizer_common/sanitizer_flags.inc, "Common Flags"). Each report must end in an
// exit status other than 0; UndefinedBehaviorSanitizer alone would print and go on.

__attribute__((visibility("default"))) const char* __lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char* __ubsan_default_options(void);
__attribute__((visibility("default"))) const char* __tsan_default_options(void);
__attribute__((visibility("default"))) const char* __tsan_default_suppressions(void);

// c-ares 1.18 loses a copy of the name whenever it resolves "localhost"; gRPC's clients do that through it.
const char* __lsan_default_suppressions(void) { return "leak:libcares.so"; }

const char* __ubsan_default_options(void) { return "halt_on_error=1:print_stacktrace=1"; }

// exitcode is given at the end of a run with reports, all of which are then in the log.
const char* __tsan_default_options(void) { return "exitcode=66:second_deadlock_stack=1"; }

// Libraries of the distribution are not instrumented: of what they do ThreadSanitizer sees only the calls to
// the C library, and not the atomics they are ordered by. Whatever gRPC hands from one of its threads to the
// next, through its headers or to our reactors, therefore looks unordered; this hides with it what our code
// does on a thread of gRPC, so races are found among our own threads: the io_context, the pools, the main
// thread.
const char* __tsan_default_suppressions(void)
{
    return "race:grpc::\n"          // calls, reactors, messages: ordered by gRPC's own reference counts
           "race:libgrpc.so\n"      // its pollers and work queues
           "race:closure_impl::\n"  // the same queues' work, in libgrpc++
           "race:libgpr.so\n"       // its threads
           "race:libabsl_\n"        // absl::Mutex, which is what gRPC locks with: atomics and futex(2)
           "mutex:libabsl_\n"       // likewise
           "race:libssl.so\n"       // connections of gRPC, which move between its threads
           "race:libcrypto.so\n"    // likewise
           "race:libprotobuf.so\n"; // its descriptor pool, once it is made
}
