// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdlib>

#include <cppunit/extensions/TestFactoryRegistry.h>
#include <cppunit/ui/text/TestRunner.h>
#include <pthread.h>

int main()
{
    // The test of Interrupt signals this process; gRPC's threads, which inherit this mask, must not take the
    // signal.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    ::setenv("GRPC_VERBOSITY", "NONE", 1); // refused handshakes are part of the tests

    CppUnit::TextUi::TestRunner runner;
    runner.addTest(CppUnit::TestFactoryRegistry::getRegistry().makeTest());
    return runner.run() ? 0 : 1;
}
