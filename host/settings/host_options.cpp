// SPDX-License-Identifier: Apache-2.0
//
// The table of the host's options. Environment names and defaults are those a host that ran the Cocos Manager
// already has in its environment file; where its program and its sample file use different names, both are
// accepted. docs/configuration.md and config/teehostd.properties are generated from this table and a test
// compares them.
#include "host/settings/option_table.h"

namespace teehost::settings {
namespace {

using enum OptionType;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kKiB = 1024, kMiB = kKiB * 1024, kGiB = kMiB * 1024;

std::string qemuEnv(const char* name) { return std::string("MANAGER_QEMU_") + name; }

void addService(OptionTable& table)
{
    const std::string section = "Service";
    table.add(
        {.key = "instance.id",
         .env = {"MANAGER_INSTANCE_ID"},
         .section = section,
         .help =
             "Names this daemon for people, in health, traces and metrics; empty: its UUID, which is made at "
             "the first start and kept in state.dir. VMs are known by that UUID alone, so two daemons may "
             "have the same name."});
    table.add({.key = "log.level",
               .env = {"MANAGER_LOG_LEVEL"},
               .type = Enum,
               .defaultText = "info",
               .section = section,
               .choices = {"error", "warn", "info", "debug", "trace"},
               .reloadable = true,
               .help = "Least severe message that is logged."});
    table.add({.key = "state.dir",
               .type = Path,
               .defaultText = "/var/lib/teehost",
               .section = section,
               .help = "Directory of what outlives a VM's process: instance id, firmware variables, disks."});
    table.add(
        {.key = "runtime.dir",
         .type = Path,
         .defaultText = "/run/teehost",
         .section = section,
         .help =
             "Directory of sockets and of the files handed to guests; they hold secrets, so it should be on "
             "a tmpfs."});
    table.add({.key = "log.dir",
               .type = Path,
               .defaultText = "/var/log/teehost",
               .section = section,
               .help = "Directory of each VM's console and QEMU logs."});
    table.add({.key = "plugins.dir",
               .type = List,
               .defaultText = "",
               .section = section,
               .help = "Directories that plugins are loaded from, separated by commas; empty means "
                       "lib/teehost/plugins beside the program's bin directory."});
    table.add({.key = "plugins.allow_own",
               .type = Bool,
               .defaultText = "false",
               .section = section,
               .help = "Also trust plugin files owned by the user the daemon runs as, not only root's: for "
                       "development."});
    table.add({.key = "grpc.host",
               .env = {"MANAGER_GRPC_HOST"},
               .defaultText = "localhost",
               .section = section,
               .help = "Address the gRPC server listens on."});
    table.add({.key = "grpc.port",
               .env = {"MANAGER_GRPC_PORT"},
               .type = Port,
               .defaultText = "7001",
               .section = section,
               .help = "Port the gRPC server listens on; 0 lets the kernel choose and logs it."});
    table.add({.key = "grpc.allow_plaintext",
               .env = {"MANAGER_GRPC_ALLOW_PLAINTEXT"},
               .type = Bool,
               .defaultText = "false",
               .section = section,
               .help =
                   "Serve gRPC and HTTP without TLS on addresses that are not loopback. Whoever reaches the "
                   "gRPC port then controls the VMs."});
    table.add({.key = "grpc.timeout",
               .env = {"MANAGER_GRPC_TIMEOUT"},
               .type = Duration,
               .defaultText = "60s",
               .section = section,
               .min = kSecond,
               .help = "Longest time one request may take before it is cancelled and undone."});
    table.add(
        {.key = "grpc.server_cert",
         .env = {"MANAGER_GRPC_SERVER_CERT"},
         .type = Path,
         .section = section,
         .help = "PEM certificate chain of the gRPC server; with grpc.server_key it turns TLS on, and it is "
                 "read again when it changes."});
    table.add({.key = "grpc.server_key",
               .env = {"MANAGER_GRPC_SERVER_KEY"},
               .type = Path,
               .section = section,
               .help = "PEM private key of the gRPC server."});
    table.add({.key = "grpc.server_ca_certs",
               .env = {"MANAGER_GRPC_SERVER_CA_CERTS"},
               .type = Path,
               .section = section,
               .help = "PEM CA certificates; when set beside grpc.server_cert, gRPC clients must show a "
                       "certificate of theirs, unless grpc.client_ca_certs names others."});
    table.add({.key = "grpc.client_ca_certs",
               .env = {"MANAGER_GRPC_CLIENT_CA_CERTS"},
               .type = Path,
               .section = section,
               .help =
                   "PEM CA certificates; when set, gRPC clients must show a certificate of theirs. They are "
                   "then the only ones that count for clients."});
    table.add({.key = "grpc.client_cert",
               .env = {"MANAGER_GRPC_CLIENT_CERT"},
               .type = Path,
               .section = section,
               .help = "PEM certificate this daemon shows when it dials out."});
    table.add({.key = "grpc.client_key",
               .env = {"MANAGER_GRPC_CLIENT_KEY"},
               .type = Path,
               .section = section,
               .help = "PEM private key of grpc.client_cert."});
    table.add({.key = "http.host",
               .env = {"MANAGER_HTTP_HOST"},
               .defaultText = "localhost",
               .section = section,
               .help = "Address of the HTTP server for /health, /ready and /metrics."});
    table.add({.key = "http.port",
               .env = {"MANAGER_HTTP_PORT"},
               .type = Port,
               .defaultText = "7003",
               .section = section,
               .help = "Port of the HTTP server; 0 lets the kernel choose and logs it."});
    table.add({.key = "http.server_cert",
               .env = {"MANAGER_HTTP_SERVER_CERT"},
               .type = Path,
               .section = section,
               .help = "PEM certificate chain of the HTTP server; with http.server_key it turns TLS on."});
    table.add({.key = "http.server_key",
               .env = {"MANAGER_HTTP_SERVER_KEY"},
               .type = Path,
               .section = section,
               .help = "PEM private key of the HTTP server."});
    table.add({.key = "http.server_ca_certs",
               .env = {"MANAGER_HTTP_SERVER_CA_CERTS"},
               .type = Path,
               .section = section,
               .help = "PEM CA certificates; when set beside http.server_cert, HTTP clients must show a "
                       "certificate of theirs, unless http.client_ca_certs names others."});
    table.add({.key = "http.client_ca_certs",
               .env = {"MANAGER_HTTP_CLIENT_CA_CERTS"},
               .type = Path,
               .section = section,
               .help =
                   "PEM CA certificates; when set, HTTP clients must show a certificate of theirs. They are "
                   "then the only ones that count for clients."});
    table.add({.key = "guest.eos_version",
               .env = {"MANAGER_EOS_VERSION"},
               .defaultText = "",
               .section = section,
               .help = "Version of the guest image, reported by CVMInfo."});
    table.add(
        {.key = "trace.url",
         .env = {"COCOS_JAEGER_URL"},
         .defaultText = "http://localhost:4318",
         .section = section,
         .help = "OTLP/HTTP collector; traces are not exported yet, the value is kept for when they are."});
    table.add({.key = "trace.ratio",
               .env = {"COCOS_JAEGER_TRACE_RATIO"},
               .type = Ratio,
               .defaultText = "1.0",
               .section = section,
               .help = "Share of traces that are sampled; see trace.url."});
}

void addBackendChoice(OptionTable& table)
{
    const std::string section = "Backend";
    table.add(
        {.key = "backend",
         .env = {"MANAGER_BACKEND"},
         .defaultText = "auto",
         .section = section,
         .help = "Plugin that launches VMs: auto, or the id of an installed one. auto takes the first whose "
                 "probe says this host can run it, confidential ones before others."});
    table.add(
        {.key = "attesters",
         .env = {"MANAGER_ATTESTERS"},
         .type = List,
         .defaultText = "auto",
         .section = section,
         .help =
             "Attester plugins of every VM: auto, which takes those that this host can run; none; or ids, "
             "separated by commas."});
}

void addVm(OptionTable& table)
{
    const std::string section = "VMs";
    table.add({.key = "vm.max",
               .env = {"MANAGER_MAX_VMS"},
               .type = UInt,
               .defaultText = "10",
               .section = section,
               .help = "Most VMs at a time; 0 means no limit."});
    table.add({.key = "vm.max_parallel_launches",
               .type = UInt,
               .defaultText = "4",
               .section = section,
               .min = 1,
               .max = 1024,
               .help = "How many VMs are launched at a time; others wait for their turn."});
    table.add({.key = "vm.ahead",
               .type = UInt,
               .defaultText = "2",
               .section = section,
               .max = 64,
               .help =
                   "How many VMs to come have what takes long made for them already, so that a create need "
                   "not wait for it: with the attester attest-vtpm the software TPM. It is made from the "
                   "first VM on, at low "
                   "priority while nothing is launched; 0 makes none."});
    table.add({.key = "vm.memory_reserve",
               .type = Size,
               .defaultText = "512M",
               .section = section,
               .help =
                   "Memory of the host that VMs never get. A VM counts with its whole memory and what QEMU "
                   "needs beside it, whether it uses it yet or not."});
    table.add(
        {.key = "vm.cpu_overcommit",
         .type = UInt,
         .defaultText = "8",
         .section = section,
         .max = 1024,
         .help = "How many vCPUs all VMs together may have for each CPU of the host; 0 means no limit."});
    table.add({.key = "vm.max_vcpus",
               .type = UInt,
               .defaultText = "0",
               .section = section,
               .max = 4096,
               .help = "Most vCPUs a request may ask for; 0 means qemu.smp.maxcpus."});
    table.add({.key = "vm.max_memory",
               .type = Size,
               .defaultText = "0",
               .section = section,
               .help = "Most memory a request may ask for; 0 means qemu.memory.max."});
    table.add({.key = "vm.max_ttl",
               .type = Duration,
               .defaultText = "0s",
               .section = section,
               .help = "Longest TTL a request may ask for; 0 means no limit."});
    table.add(
        {.key = "vm.image_dirs",
         .type = List,
         .defaultText = "",
         .section = section,
         .help = "Directories, separated by commas, from which a request may choose kernel and initrd; empty "
                 "means requests may not choose."});
    table.add({.key = "vm.allow_cmdline",
               .type = Bool,
               .defaultText = "false",
               .section = section,
               .help = "Whether a request may replace the kernel command line."});
    table.add({.key = "vm.boot_timeout_kvm",
               .type = Duration,
               .defaultText = "120s",
               .section = section,
               .help = "How long a guest on KVM may take until it is up (agent.ready); then a warning event "
                       "quotes the console, and vm.on_boot_timeout says what follows. 0 waits for ever."});
    table.add({.key = "vm.boot_timeout_tcg",
               .type = Duration,
               .defaultText = "900s",
               .section = section,
               .help = "As vm.boot_timeout_kvm, for a guest on TCG."});
    table.add({.key = "vm.on_boot_timeout",
               .type = Enum,
               .defaultText = "report",
               .section = section,
               .choices = {"report", "end"},
               .help =
                   "What follows when a guest is not up in time: report (an event; the VM goes on, and is "
                   "running as soon as it is up), or end (the VM has failed). A request may choose for its "
                   "VM."});
    table.add(
        {.key = "vm.orphans",
         .type = Enum,
         .defaultText = "report",
         .section = section,
         .choices = {"report", "end"},
         .help = "What is done at the start with a QEMU that carries this daemon's UUID and directories and "
                 "that no record names: report (an event; `teehost adopt` or `teehost end-orphan` decides), "
                 "or end. Those that were found when the store was set aside or had vanished are only "
                 "reported, at "
                 "later starts too."});
    table.add({.key = "agent.ready",
               .type = Enum,
               .defaultText = "auto",
               .section = section,
               .choices = {"auto", "port", "guest", "none"},
               .help =
                   "The sign by which a VM counts as up: port (a program listens on the agent's port), guest "
                   "(the guest's network answers, even with a refusal, or its console shows the boot "
                   "marker), none (QEMU runs; the guest is never asked), or auto: guest for a VM whose "
                   "agent dials a service and opens its port only for a computation, else port. A request "
                   "may choose for its VM."});
    table.add({.key = "agent.boot_marker",
               .type = String,
               .defaultText = "as init process",
               .section = section,
               .help =
                   "Text whose appearance on the console says that a guest has booted; empty: none does. The "
                   "default is what Linux says when it starts its init, unless its command line has quiet."});
    table.add({.key = "vm.launch_timeout",
               .type = Duration,
               .defaultText = "20s",
               .section = section,
               .min = kSecond,
               .help = "How long QEMU may take to accept its configuration."});
    table.add(
        {.key = "vm.stop_grace",
         .type = Duration,
         .defaultText = "10s",
         .section = section,
         .help = "How long a guest may take to power off by itself when it is stopped; 0 skips asking it."});
    table.add({.key = "vm.quit_timeout",
               .type = Duration,
               .defaultText = "2s",
               .section = section,
               .help = "How long QEMU may take to end after QMP quit, before it gets SIGTERM."});
    table.add(
        {.key = "vm.term_timeout",
         .type = Duration,
         .defaultText = "2s",
         .section = section,
         .help = "How long QEMU, or a sidecar that names no time of its own, may take to end after SIGTERM, "
                 "before it gets SIGKILL."});
    table.add({.key = "vm.health_interval",
               .type = Duration,
               .defaultText = "15s",
               .section = section,
               .min = kSecond / 10,
               .help = "How often a running VM's QEMU and agent are asked whether they answer."});
    table.add({.key = "vm.health_misses",
               .type = UInt,
               .defaultText = "3",
               .section = section,
               .min = 1,
               .max = 1000,
               .help =
                   "After how many missing answers in a row a VM is degraded (QEMU or agent) or unresponsive "
                   "(both). Two answers in a row restore it."});
    table.add({.key = "vm.max_restarts",
               .type = UInt,
               .defaultText = "10",
               .section = section,
               .max = 1000,
               .help = "How often at most a request may ask for a failed VM to be launched again."});
    table.add({.key = "vm.restart_backoff",
               .type = Duration,
               .defaultText = "1s",
               .section = section,
               .help =
                   "How long a failed VM waits before it is launched again; twice as long each time, up to "
                   "vm.restart_backoff_max."});
    table.add({.key = "vm.restart_backoff_max",
               .type = Duration,
               .defaultText = "5m",
               .section = section,
               .help =
                   "Longest wait before a failed VM is launched again. A VM that ran that long has all its "
                   "restarts again."});
    table.add(
        {.key = "vm.on_shutdown",
         .type = Enum,
         .defaultText = "keep",
         .section = section,
         .choices = {"keep", "stop"},
         .help =
             "What happens to VMs when the daemon ends: keep leaves them running for the next one to adopt, "
             "stop ends them first."});
    table.add({.key = "vm.max_stop_grace",
               .type = Duration,
               .defaultText = "10m",
               .section = section,
               .help = "Longest time a request may give a guest to power off."});
    table.add({.key = "vm.console_limit",
               .type = Size,
               .defaultText = "4M",
               .section = section,
               .min = 64 * kKiB,
               .max = kGiB,
               .help = "Size at which a VM's console log is moved to console.log.1 and begun anew."});
    table.add({.key = "vm.history",
               .type = UInt,
               .defaultText = "100",
               .section = section,
               .max = 10000,
               .help = "How many ended VMs are remembered."});
    table.add({.key = "vm.event_history",
               .type = UInt,
               .defaultText = "4096",
               .section = section,
               .min = 16,
               .max = 1'000'000,
               .help = "How many events are remembered."});
}

void addAttestation(OptionTable& table)
{
    const std::string section = "Attestation";
    table.add({.key = "attest.interval",
               .type = Duration,
               .defaultText = "0",
               .section = section,
               .help =
                   "How often every running VM is attested, give or take a tenth; 0 means only when a client "
                   "asks."});
    table.add({.key = "attest.on_failure",
               .type = Enum,
               .defaultText = "report",
               .section = section,
               .choices = {"report", "stop"},
               .help = "What becomes of a VM whose attestation fails, or whose agent does not answer three "
                       "times in a row: it "
                       "is reported, or stopped at once."});
    table.add({.key = "attest.timeout",
               .type = Duration,
               .defaultText = "30s",
               .section = section,
               .min = kSecond,
               .help = "How long a VM's agent may take to give its evidence, and a plugin to judge it."});
    table.add(
        {.key = "attest.policy_dir",
         .type = Path,
         .section = section,
         .help = "Directory of policies for the VMs of this host, PLUGIN.json each, in the form that teehost "
                 "verify --policy takes."});
    table.add({.key = "attest.policy_binary",
               .env = {"MANAGER_ATTESTATION_POLICY_BINARY", "MANAGER_ATTESTATION_POLICY_BINARY_PATH"},
               .type = Path,
               .section = section,
               .deprecated = true,
               .help = "Accepted for old environment files; the backend reads the platform itself."});
    table.add({.key = "attest.igvmmeasure_binary",
               .env = {"MANAGER_IGVMMEASURE_BINARY"},
               .type = Path,
               .section = section,
               .help =
                   "The program igvmmeasure; when it exists, it measures each IGVM file a second time, and a "
                   "difference is an error."});
    table.add({.key = "attest.fetch",
               .type = Bool,
               .defaultText = "true",
               .section = section,
               .help = "Fetch collateral (certificates, CRLs, TCB information) that is not in the cache."});
    table.add({.key = "attest.fetch_hosts",
               .type = List,
               .defaultText = "kdsintf.amd.com,api.trustedservices.intel.com,"
                              "certificates.trustedservices.intel.com",
               .section = section,
               .help = "Hosts that collateral may come from, over https, separated by commas; HOST:PORT for "
                       "another port than 443."});
    table.add({.key = "attest.cache_dir",
               .type = Path,
               .section = section,
               .help = "Directory of fetched collateral; empty means collateral in state.dir, and for the "
                       "client teehost/collateral in the user's cache directory."});
    table.add({.key = "attest.fetch_ca",
               .type = Path,
               .section = section,
               .help = "PEM CA certificates of these hosts; empty means the system's."});
    table.add({.key = "attest.fetch_timeout",
               .type = Duration,
               .defaultText = "20s",
               .section = section,
               .min = kSecond,
               .help = "How long one of these hosts may take to answer."});
}

void addQemu(OptionTable& table)
{
    const std::string section = "QEMU";
    table.add({.key = "qemu.bin_path",
               .env = {qemuEnv("BIN_PATH")},
               .defaultText = "qemu-system-x86_64",
               .section = section,
               .help = "QEMU: a path, or a name looked up in PATH."});
    table.add({.key = "qemu.use_sudo",
               .env = {qemuEnv("USE_SUDO")},
               .type = Bool,
               .defaultText = "false",
               .section = section,
               .help = "Start QEMU through sudo -n."});
    table.add(
        {.key = "qemu.user",
         .defaultText = "",
         .section = section,
         .help =
             "Account QEMU runs as, with the group kvm added; empty means the daemon's. Needs a daemon that "
             "runs as root."});
    table.add({.key = "qemu.machine",
               .env = {qemuEnv("MACHINE")},
               .defaultText = "q35",
               .section = section,
               .help = "QEMU machine type."});
    table.add({.key = "qemu.cpu",
               .env = {qemuEnv("CPU")},
               .defaultText = "EPYC",
               .section = section,
               .help = "QEMU CPU model; a backend that cannot use it says so and uses its own."});
    table.add(
        {.key = "qemu.enable_kvm",
         .env = {qemuEnv("ENABLE_KVM")},
         .type = Bool,
         .defaultText = "auto",
         .section = section,
         .allowAuto = true,
         .help =
             "true: KVM or a refusal; false: TCG; auto: KVM where a probe guest really runs, else TCG with a "
             "warning. A backend that needs KVM gets KVM whatever this says."});
    table.add({.key = "qemu.no_graphic",
               .env = {qemuEnv("NO_GRAPHIC")},
               .type = Bool,
               .defaultText = "true",
               .section = section,
               .help = "There is no display either way; false is accepted with a warning."});
    table.add({.key = "qemu.monitor",
               .env = {qemuEnv("MONITOR")},
               .defaultText = "none",
               .section = section,
               .help =
                   "Character device of a human monitor beside the daemon's own QMP socket: none, pty, or "
                   "unix:PATH,server=on,wait=off. Whoever opens it controls the VM."});
    table.add({.key = "qemu.sandbox",
               .type = Bool,
               .defaultText = "true",
               .section = section,
               .help = "Confine QEMU with its seccomp filter."});
    table.add({.key = "qemu.smp.count",
               .env = {qemuEnv("SMP_COUNT")},
               .type = UInt,
               .defaultText = "4",
               .section = section,
               .min = 1,
               .max = 4096,
               .help = "vCPUs of a VM."});
    table.add({.key = "qemu.smp.maxcpus",
               .env = {qemuEnv("SMP_MAXCPUS")},
               .type = UInt,
               .defaultText = "64",
               .section = section,
               .min = 1,
               .max = 4096,
               .help = "vCPUs a VM could have with hot-plug."});
    table.add({.key = "qemu.memory.size",
               .env = {qemuEnv("MEMORY_SIZE")},
               .type = Size,
               .defaultText = "2048M",
               .section = section,
               .min = 64 * kMiB,
               .help = "Memory of a VM."});
    table.add({.key = "qemu.memory.slots",
               .env = {qemuEnv("MEMORY_SLOTS")},
               .type = UInt,
               .defaultText = "5",
               .section = section,
               .max = 256,
               .help = "Slots for memory hot-plug."});
    table.add({.key = "qemu.memory.max",
               .env = {qemuEnv("MAX_MEMORY")},
               .type = Size,
               .defaultText = "30G",
               .section = section,
               .min = 64 * kMiB,
               .help = "Memory a VM could have with hot-plug."});
    table.add({.key = "qemu.memory.id",
               .env = {qemuEnv("MEM_ID")},
               .defaultText = "ram1",
               .section = section,
               .help = "QEMU id of the memory backend."});
    table.add({.key = "qemu.host_fwd_range",
               .env = {qemuEnv("HOST_FWD_RANGE")},
               .defaultText = "6100-6200",
               .section = section,
               .help = "Host ports handed out for agents, LOW-HIGH, one a VM."});
    table.add({.key = "qemu.host_fwd_agent",
               .env = {qemuEnv("HOST_FWD_AGENT")},
               .type = Port,
               .defaultText = "7020",
               .section = section,
               .help = "Agent port of a single VM; used when qemu.host_fwd_range is empty."});
    table.add({.key = "qemu.host_fwd_address",
               .env = {qemuEnv("HOST_FWD_ADDRESS")},
               .defaultText = "127.0.0.1",
               .section = section,
               .help = "Address the agents' ports are bound to; 0.0.0.0 lets other hosts reach agents."});
    table.add({.key = "qemu.guest_fwd_agent",
               .env = {qemuEnv("GUEST_FWD_AGENT")},
               .type = Port,
               .defaultText = "7002",
               .section = section,
               .min = 1,
               .help = "Port of the agent inside the guest."});
    table.add({.key = "qemu.netdev.id",
               .env = {qemuEnv("NETDEV_ID")},
               .defaultText = "vmnic",
               .section = section,
               .help = "QEMU id of the network backend."});
    table.add({.key = "qemu.virtio_net.disable_legacy",
               .env = {qemuEnv("VIRTIO_NET_PCI_DISABLE_LEGACY")},
               .type = Enum,
               .defaultText = "on",
               .section = section,
               .choices = {"on", "off", "auto"},
               .help = "Offer the network card as a modern virtio device only."});
    table.add({.key = "qemu.virtio_net.iommu_platform",
               .env = {qemuEnv("VIRTIO_NET_PCI_IOMMU_PLATFORM")},
               .type = Bool,
               .defaultText = "true",
               .section = section,
               .help = "The network card goes through the guest's DMA API, which confidential guests need."});
    table.add({.key = "qemu.virtio_net.addr",
               .env = {qemuEnv("VIRTIO_NET_PCI_ADDR")},
               .defaultText = "0x2",
               .section = section,
               .help = "PCI address of the network card."});
    table.add({.key = "qemu.virtio_net.romfile",
               .env = {qemuEnv("VIRTIO_NET_PCI_ROMFILE")},
               .defaultText = "",
               .section = section,
               .help = "Option ROM of the network card; empty means none."});
    table.add({.key = "qemu.kernel.file",
               .env = {qemuEnv("DISK_IMG_KERNEL_FILE")},
               .type = Path,
               .defaultText = "img/bzImage",
               .section = section,
               .help = "Kernel for direct boot."});
    table.add({.key = "qemu.kernel.initrd",
               .env = {qemuEnv("DISK_IMG_ROOTFS_FILE")},
               .type = Path,
               .defaultText = "img/rootfs.cpio.gz",
               .section = section,
               .help = "Initial RAM disk for direct boot."});
    table.add({.key = "qemu.kernel.cmdline",
               .env = {qemuEnv("KERNEL_CMDLINE")},
               .defaultText = "quiet console=null",
               .section = section,
               .help = "Kernel command line."});
}

void addDisksAndDevices(OptionTable& table)
{
    const std::string section = "Disk, GPU, shares";
    table.add({.key = "qemu.disk.enable",
               .env = {qemuEnv("ENABLE_DISK")},
               .type = Bool,
               .defaultText = "false",
               .section = section,
               .help = "Boot from a copy of a disk image instead of a kernel; the copy is grown by 1 GiB."});
    table.add({.key = "qemu.disk.source",
               .env = {qemuEnv("SRC_DISK_FILE")},
               .type = Path,
               .defaultText = "img/enc_os.qcow2",
               .section = section,
               .help = "Disk image that is copied for each VM."});
    table.add({.key = "qemu.disk.id",
               .env = {qemuEnv("DISK_ID")},
               .defaultText = "disk0",
               .section = section,
               .help = "QEMU id of the disk."});
    table.add({.key = "qemu.disk.format",
               .env = {qemuEnv("DISK_FORMAT")},
               .type = Enum,
               .defaultText = "qcow2",
               .section = section,
               .choices = {"qcow2", "raw"},
               .help = "Format of the disk image."});
    table.add({.key = "qemu.disk.scsi_id",
               .env = {qemuEnv("DISK_SCSI_ID")},
               .defaultText = "scsi0",
               .section = section,
               .help = "QEMU id of the SCSI controller."});
    table.add({.key = "qemu.gpu.bdf",
               .env = {qemuEnv("GPU_BDF")},
               .defaultText = "",
               .section = section,
               .help = "PCI address of one GPU passed through with VFIO; empty means none."});
    table.add({.key = "qemu.gpu.root_port",
               .env = {qemuEnv("GPU_PCIE_ROOT_PORT")},
               .defaultText = "pci.1",
               .section = section,
               .help = "QEMU id of the GPU's PCIe root port."});
    table.add({.key = "qemu.gpu.bus",
               .env = {qemuEnv("GPU_PCIE_BUS")},
               .defaultText = "pcie.0",
               .section = section,
               .help = "Bus the root port is plugged into."});
    table.add({.key = "qemu.gpu.mmio64_mb",
               .env = {qemuEnv("GPU_FW_CFG_MMIO_MB")},
               .type = UInt,
               .defaultText = "262144",
               .section = section,
               .max = 1 << 26,
               .help = "64-bit MMIO window the firmware makes for the GPU, in MiB."});
    table.add({.key = "qemu.mounts.certs",
               .env = {qemuEnv("CERTS_MOUNT")},
               .type = Path,
               .section = section,
               .help =
                   "Directory of extra files for the certs_share of every VM; it is only read. Its regular "
                   "files are copied, links to such files too; what else it holds is named in a warning "
                   "and left out."});
    table.add({.key = "qemu.mounts.env",
               .env = {qemuEnv("ENV_MOUNT")},
               .type = Path,
               .section = section,
               .help = "Directory of extra files for the env_share of every VM, as qemu.mounts.certs."});
}

void addOvmf(OptionTable& table)
{
    const std::string section = "OVMF";
    const auto add = [&](const char* key, const char* env, OptionType type, const char* text,
                         const char* help, std::vector<std::string> choices = {}) {
        table.add({.key = key,
                   .env = {qemuEnv(env)},
                   .type = type,
                   .defaultText = text,
                   .section = section,
                   .choices = std::move(choices),
                   .help = help});
    };
    add("ovmf.code.if", "OVMF_CODE_IF", Enum, "pflash", "How the firmware code is attached.", {"pflash"});
    add("ovmf.code.format", "OVMF_CODE_FORMAT", Enum, "raw", "Format of the firmware code.",
        {"raw", "qcow2"});
    add("ovmf.code.unit", "OVMF_CODE_UNIT", UInt, "0", "pflash unit of the firmware code.");
    add("ovmf.code.file", "OVMF_CODE_FILE", Path, "/usr/share/OVMF/OVMF_CODE.fd",
        "Firmware code, shared by all VMs; none boots QEMU's own BIOS instead.", {"none"});
    add("ovmf.code.readonly", "OVMF_CODE_READONLY", Enum, "on",
        "The firmware code is always read-only; off is accepted with a warning.", {"on", "off"});
    add("ovmf.vars.if", "OVMF_VARS_IF", Enum, "pflash", "How the firmware variables are attached.",
        {"pflash"});
    add("ovmf.vars.format", "OVMF_VARS_FORMAT", Enum, "raw", "Format of the firmware variables.",
        {"raw", "qcow2"});
    add("ovmf.vars.unit", "OVMF_VARS_UNIT", UInt, "1", "pflash unit of the firmware variables.");
    add("ovmf.vars.file", "OVMF_VARS_FILE", Path, "/usr/share/OVMF/OVMF_VARS.fd",
        "Firmware variables, copied for each VM.");
    add("ovmf.version", "OVMF_VERSION", String, "",
        "Firmware version reported by CVMInfo; when empty, that of the package the firmware came from.");
}

} // namespace

const OptionTable& hostOptions()
{
    static const OptionTable all = [] {
        OptionTable table;
        addService(table);
        addBackendChoice(table);
        addVm(table);
        addAttestation(table);
        addQemu(table);
        addDisksAndDevices(table);
        addOvmf(table);
        return table;
    }();
    return all;
}

} // namespace teehost::settings
