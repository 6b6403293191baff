/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only program of a guest: prints its PCRs to the first serial port and powers off. A line "pcr sha256 4
 * ABCD..." for each, "pcr end" after the last. Static and without a library of ours, since it is all of an
 * initramfs.
 */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

static void print_pcr(FILE* out, const char* bank, int number)
{
    char path[64], value[160]; /* 128 digits for SHA-512 */
    snprintf(path, sizeof path, "/sys/class/tpm/tpm0/pcr-%s/%d", bank, number);
    FILE* in = fopen(path, "r");
    if (in == NULL)
        return; /* a bank that the TPM does not have */
    if (fgets(value, sizeof value, in) != NULL)
        fprintf(out, "pcr %s %d %s", bank, number, value);
    fclose(in);
}

int main(void)
{
    static const char* const banks[] = {"sha1", "sha256", "sha384", "sha512"};
    mkdir("/dev", 0755);
    mkdir("/sys", 0755);
    if (mount("dev", "/dev", "devtmpfs", 0, "") != 0 || mount("sys", "/sys", "sysfs", 0, "") != 0)
        return 1; /* the kernel panics, and says so */
    FILE* out = fopen("/dev/ttyS0", "w");
    if (out == NULL)
        return 1;
    fputc('\n', out); /* away from what the firmware has left on the line */
    for (size_t bank = 0; bank < sizeof banks / sizeof *banks; bank++)
        for (int number = 0; number < 24; number++)
            print_pcr(out, banks[bank], number);
    fputs("pcr end\n", out);
    fflush(out);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
