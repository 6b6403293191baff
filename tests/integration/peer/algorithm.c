// SPDX-License-Identifier: Apache-2.0
//
// An algorithm for the reference guest, which has no C library to lend: linked statically. Its first argument
// says what it does; all results go to results/ as those of any algorithm.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/vm_sockets.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern char** environ;

/// The sizes of all data, in the order of their names, and the other arguments.
static int count(int argc, char** argv)
{
    struct dirent** names = NULL;
    const int found = scandir("datasets", &names, NULL, alphasort);
    FILE* out = fopen("results/counts.txt", "w");
    if (found < 0 || out == NULL)
        return 1;
    for (int i = 0; i < found; ++i) {
        char path[512];
        struct stat status;
        snprintf(path, sizeof path, "datasets/%s", names[i]->d_name);
        if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
            fprintf(out, "%s %lld\n", names[i]->d_name, (long long)status.st_size);
    }
    for (int i = 2; i < argc; ++i)
        fprintf(out, "argument %s\n", argv[i]);
    puts("counted");
    mkdir("results/more", 0755);
    // To be left out of the result.
    return fclose(out) == 0 && symlink("/proc/self/status", "results/link") == 0 &&
                   mkfifo("results/more/pipe", 0600) == 0 && creat("results/more/empty", 0600) >= 0
               ? 0
               : 1;
}

static void tell(FILE* out, const char* what, int result)
{
    fprintf(out, "%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "possible");
}

/// Tries what a hostile algorithm would like to do.
static int probe(void)
{
    FILE* out = fopen("results/probe.txt", "w");
    if (out == NULL)
        return 1;
    fprintf(out, "uid %d\n", (int)geteuid());
    for (char** variable = environ; *variable != NULL; ++variable)
        fprintf(out, "environment %s\n", *variable);
    const int inet = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in host = {.sin_family = AF_INET, .sin_port = htons(80)};
    inet_pton(AF_INET, "10.0.2.2", &host.sin_addr);
    tell(out, "connect to the host", connect(inet, (struct sockaddr*)&host, sizeof host));
    host.sin_port = htons(7002);
    inet_pton(AF_INET, "127.0.0.1", &host.sin_addr);
    tell(out, "connect to the agent", connect(inet, (struct sockaddr*)&host, sizeof host));
    tell(out, "vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
    tell(out, "user namespace", unshare(CLONE_NEWUSER));
    tell(out, "mount", mount("none", "/tmp", "tmpfs", 0, NULL));
    tell(out, "become root", setuid(0));
    tell(out, "read the environment", access("/env/environment", R_OK));
    tell(out, "read the certificates", access("/etc/certs", R_OK));
    tell(out, "read the command line", access("/proc/cmdline", R_OK));
    tell(out, "use the TPM", access("/dev/tpm0", F_OK));
    tell(out, "leave the directory", access("../run", F_OK));
    return fclose(out);
}

/// Takes memory in several processes, none of which reaches the limit of one process.
static int hog(void)
{
    for (int i = 0; i < 8; ++i)
        if (fork() == 0)
            break;
    for (;;) {
        char* block = malloc(1 << 20);
        if (block == NULL)
            return 9;
        memset(block, 1, 1 << 20);
        usleep(10000); // so that all of them come to it
    }
}

/// Leaves a process behind that would run for ever, and runs for ever.
static int linger(void)
{
    if (fork() == 0)
        setsid();
    for (;;)
        pause();
}

int main(int argc, char** argv)
{
    const char* what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "count") == 0)
        return count(argc, argv);
    if (strcmp(what, "probe") == 0)
        return probe();
    if (strcmp(what, "hog") == 0)
        return hog();
    if (strcmp(what, "linger") == 0)
        return linger();
    if (strcmp(what, "flood") == 0)
        for (int i = 0; i < 100000; ++i)
            puts("\x1b[2J a line like any other");
    fflush(stdout);
    fputs("as it was told to\n", stderr);
    return 3;
}
