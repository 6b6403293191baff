/* SPDX-License-Identifier: Apache-2.0
 *
 * teehost plugin ABI 1.0.  C11; needs <stddef.h> and <stdint.h> only.  Linux, LP64.
 *
 * This file is the whole contract between teehostd and a plugin, and its manual.  teehost/plugin.hpp is comfort
 * over it for C++ and adds nothing to it.
 *
 * How it works
 *   A plugin is a shared object that exports one symbol, teehost_plugin_entry.  The host calls it with an offer of
 *   versions and gets a th_plugin.  What the plugin can do, it offers as tables of functions, fetched by name
 *   ("teehost.compose/1"); a table it does not have is NULL, and that is all there is to an optional feature.
 *
 *   plugin -> host   Answers go through a *sink*: a host table whose functions copy what they are given before
 *                    they return.  So nothing allocated on one side is ever freed on the other.
 *   host -> plugin   Requests are plain structs, valid until the call returns.  Copy what you keep.
 *
 * Rules that the types cannot say
 *   Strings    th_str is UTF-8 without NUL inside; ptr may be NULL only when len is 0.  An empty string means
 *              "none" unless said otherwise.  Ids given as const char * are ASCII with a NUL at the end.
 *   Limits     What a plugin gives is validated: a string up to 64 KiB, bytes up to 16 MiB, 4096 items a sink
 *              and call, elements of arrays included.  Beyond: TH_RESOURCE_EXHAUSTED; malformed:
 *              TH_INVALID_ARGUMENT.  A sink that refused something makes the call fail, whatever the plugin
 *              returns afterwards: pass the status up.
 *   Sizes      A struct that may grow starts with struct_size, set by whoever creates it to the sizeof it was
 *              compiled with.  Ask TH_HAS before you read a member that a later minor version appended.
 *   Arrays     Only frozen types (section 1) stand in arrays by value; of growing ones there are arrays of
 *              pointers, since an array would bake the element's size into the other side.
 *   Numbers    An enumerator you do not know: a verdict counts as TH_V_ERROR, a status as TH_UNKNOWN; a type,
 *              ready kind, firmware kind or algorithm is refused with TH_UNIMPLEMENTED.  An unknown flag bit of
 *              a struct the plugin made is ignored by the host; one of a *request* must be refused by the
 *              plugin with TH_UNIMPLEMENTED, since an ignored bit could weaken a verification.
 *   Failing    A function that fails calls call->fail(call, &error) once and returns its result.  A status
 *              without fail is legal, and poor: the host then words it from the number.  The first fail wins.
 *   Throwing   Nothing throws through.  In C++17 and later every function pointer here is noexcept, as part of
 *              its type.
 *   Threads    The host calls from its worker threads; a call may block until its deadline.  Sinks and th_call
 *              belong to one call and its thread.  A plugin that starts threads joins them in destroy.
 *   Manners    A plugin must not fork or exec (declare a sidecar), install signal handlers, call exit, setenv,
 *              setlocale, chdir or umask, write to stdout or stderr (use the log service), use the network (use
 *              the fetch service), link protobuf, or have static constructors that throw or do I/O.  It leaves
 *              OpenSSL's default context and this thread's OpenSSL error queue as it found them.
 *   Unloading  Never happens.  After destroy the library stays mapped until the process ends.
 *
 * Marks on function pointers
 *   [any]      any thread; may overlap with other calls on the same instance (unless TH_PLUGIN_SERIAL)
 *   [once]     called at most once; overlaps with no other call of this plugin
 *   [in-call]  only on the thread of, and during, the call that passed the table in
 *
 * How it may change: members are appended, never inserted; interface ids, enumerators and flags are added.  What
 * must change otherwise becomes a new interface "/2" beside the old one.  tests/abi holds the layout of each release.
 */
#ifndef TEEHOST_PLUGIN_H
#define TEEHOST_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__LP64__)
#error "the teehost plugin ABI is defined for LP64 systems"
#endif

#if defined(__cplusplus) && __cplusplus >= 201703L
#define TH_NOEXCEPT noexcept
#else
#define TH_NOEXCEPT
#endif

#define TH_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* ==== 1. Frozen vocabulary: these types never change, not even by growing =================================== */

#define TH_ABI_MAJOR 1u /* changes when a released plugin would break; negotiated by the entry call */
#define TH_ABI_MINOR 0u /* changes with each release that adds something; for people, code never branches on it */
#define TH_ENTRY_SYMBOL "teehost_plugin_entry"

/* True when `field` lies inside the part of *p that its creator knew. */
#define TH_HAS(p, type, field) ((p)->struct_size >= offsetof(type, field) + sizeof((p)->field))

/* A view of text: UTF-8, no NUL needed at the end. */
typedef struct th_str {
    const char* ptr;
    size_t len;
} th_str;

/* A view of bytes. */
typedef struct th_bytes {
    const uint8_t* ptr;
    size_t len;
} th_bytes;

typedef struct th_kv {
    th_str key;
    th_str value;
} th_kv;

/* TH_OK, or why not.  The numbers equal the gRPC status codes, and so do their meanings. */
typedef int32_t th_status;
enum {
    TH_OK = 0,
    TH_CANCELLED = 1,           /* th_call.cancelled said so */
    TH_UNKNOWN = 2,             /* nothing better is known */
    TH_INVALID_ARGUMENT = 3,    /* the request is wrong whatever the state of the host */
    TH_DEADLINE_EXCEEDED = 4,   /* th_call.deadline_ns passed */
    TH_NOT_FOUND = 5,           /* a named thing does not exist */
    TH_ALREADY_EXISTS = 6,      /* a duplicate, or a contradiction to what was said before */
    TH_PERMISSION_DENIED = 7,   /* the daemon's user may not */
    TH_RESOURCE_EXHAUSTED = 8,  /* memory, slots, a limit of this header */
    TH_FAILED_PRECONDITION = 9, /* the host is not set up for it: an operator must act first */
    TH_ABORTED = 10,            /* lost a race; trying again may help */
    TH_OUT_OF_RANGE = 11,       /* a number or offset beyond what is there */
    TH_UNIMPLEMENTED = 12,      /* this plugin (or host) does not know that */
    TH_INTERNAL = 13,           /* a bug */
    TH_UNAVAILABLE = 14,        /* a passing condition; trying again later may help */
    TH_DATA_LOSS = 15,          /* something stored is corrupt */
    TH_UNAUTHENTICATED = 16     /* credentials are missing or wrong */
};

/* Type of a value.  Options may have any but NONE and AUTO; claims only BOOL, INT, UINT, STRING and BYTES. */
typedef uint32_t th_type;
enum {
    TH_T_NONE = 0,     /* no value */
    TH_T_BOOL = 1,     /* u: 0 or 1; text form true, false, on, off, ... */
    TH_T_INT = 2,      /* i */
    TH_T_UINT = 3,     /* u */
    TH_T_STRING = 4,   /* s */
    TH_T_BYTES = 5,    /* b; text form: hexadecimal */
    TH_T_PATH = 6,     /* s; absolute once the host has resolved it */
    TH_T_SIZE = 7,     /* u, in bytes; text form 2048M, 25G (powers of 1024) */
    TH_T_DURATION = 8, /* u, in nanoseconds; text form 250ms, 60s, 5m */
    TH_T_ENUM = 9,     /* s: one of the declared choices */
    TH_T_LIST = 10,    /* of strings: the count in u, the element that `index` named in s (if index < u) */
    TH_T_AUTO = 11     /* the word "auto" was given to an option with TH_OPT_AUTO: the plugin decides */
};

/* A value.  Only the member that `type` names is meaningful; the others are zero. */
typedef struct th_value {
    th_type type;
    uint32_t reserved;
    int64_t i;
    uint64_t u;
    th_str s;
    th_bytes b;
} th_value;

/* A claim, or a reference value.  Keys are dotted and lower case: "snp.tcb.microcode". */
typedef struct th_named {
    th_str key;
    th_value value;
} th_named;

/* TCG algorithm identifiers (TCG Algorithm Registry, TPM_ALG_ID). */
typedef uint32_t th_alg;
enum { TH_ALG_SHA1 = 0x0004, TH_ALG_SHA256 = 0x000b, TH_ALG_SHA384 = 0x000c, TH_ALG_SHA512 = 0x000d };

/* The plugin's state, opaque to the host. */
typedef struct th_instance th_instance;

/* ==== 2. Call context ======================================================================================= */

/* Why a call failed. */
typedef struct th_error {
    uint32_t struct_size;
    th_status status;  /* never TH_OK */
    th_str message;    /* one sentence: what failed, on what, with which value; no newline, never a secret */
    th_str hint;       /* what the operator can do about it; may be empty */
    th_str field;      /* option key or request field to blame; may be empty */
    int32_t sys_errno; /* the host appends its text to the message; 0 if none */
    int32_t reserved;
} th_error;

/* Given to every call that may take time or fail with words. */
typedef struct th_call {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;            /* the host's */
    uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0 = none.  Past it, return TH_DEADLINE_EXCEEDED soon */
    th_str trace_id;      /* for the plugin's own log lines; may be empty */
    /* [in-call] Not 0 when nobody waits for the answer any more.  Poll it in loops. */
    int32_t (*cancelled)(const struct th_call*) TH_NOEXCEPT;
    /* [in-call] Says why the call fails; copies.  Returns error->status, so: return call->fail(call, &e). */
    th_status (*fail)(const struct th_call*, const th_error*) TH_NOEXCEPT;
    /* [in-call] The effective value of this plugin's option `key`: default < file < environment < command line <
     * request.  TH_NOT_FOUND when no layer sets it and it has no default, or the plugin declared no such option.
     * `index` picks from a TH_T_LIST, else 0.  *out lives as long as the call. */
    th_status (*option)(const struct th_call*, th_str key, size_t index, th_value* out) TH_NOEXCEPT;
} th_call;

/* ==== 3. Host services: th_host.get_interface(host, id) ===================================================== */

typedef struct th_host {
    uint32_t struct_size;
    uint32_t abi_minor; /* the host's */
    void* ctx;          /* the host's */
    th_str version;     /* "teehostd 1.4.0" */
    /* [any] A th_host_*_v1 table, or NULL: the service is absent. */
    const void* (*get_interface)(const struct th_host*, const char* id)TH_NOEXCEPT;
} th_host;

/* ---- Logging: one event, one line; the text is a constant, what varies is a field. ---- */
#define TH_HOST_LOG_V1 "teehost.host.log/1"
enum { TH_LOG_TRACE = 0, TH_LOG_DEBUG = 1, TH_LOG_INFO = 2, TH_LOG_WARN = 3, TH_LOG_ERROR = 4 };
typedef struct th_host_log_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    int32_t (*enabled)(const th_host*, uint32_t level) TH_NOEXCEPT; /* [any] */
    /* [any] The host adds the plugin's id.  What is not valid UTF-8 is replaced, not refused. */
    void (*write)(const th_host*, uint32_t level, th_str message, const th_kv* fields, size_t field_count)
        TH_NOEXCEPT;
} th_host_log_v1;

/* ---- Clocks: use these, not the system's, so that tests can set the time. ---- */
#define TH_HOST_CLOCK_V1 "teehost.host.clock/1"
typedef struct th_host_clock_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t (*wall_ns)(const th_host*) TH_NOEXCEPT;       /* [any] since the Unix epoch, UTC */
    uint64_t (*monotonic_ns)(const th_host*) TH_NOEXCEPT; /* [any] the clock of th_call.deadline_ns */
} th_host_clock_v1;

/* ---- Collateral (CRLs, VCEK certificates, TCB info) from the host's cache or the network. ---- */
#define TH_HOST_FETCH_V1 "teehost.host.fetch/1"
enum {
    /* TH_NOT_FOUND rather than touching the network.  A copy that is past its own expiry will do, unless max_age_ns
     * forbids it: what is signed says itself how long it is valid. */
    TH_FETCH_CACHE_ONLY = 1u << 0,
    TH_FETCH_REVALIDATE = 1u << 1 /* ask the origin even if the cached copy is fresh */
};
typedef struct th_fetch_request {
    uint32_t struct_size;
    uint32_t flags;      /* TH_FETCH_* */
    th_str url;          /* https only; its host must be on the operator's allow-list */
    th_str accept;       /* media type; may be empty */
    uint64_t max_age_ns; /* a cached copy older than this is fetched again; 0 = by its own expiry */
    uint64_t max_bytes;  /* 0 = the host's limit */
} th_fetch_request;
typedef struct th_fetch_response {
    uint32_t struct_size;
    uint32_t http_status; /* 200 for a hit in the cache too */
    th_bytes body;
    const th_kv* headers; /* names in lower case */
    size_t header_count;
    int64_t fetched_wall_ns; /* when the bytes left the origin */
} th_fetch_response;
typedef struct th_host_fetch_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [in-call] Blocks.  `done` runs at most once, before get returns; the response lives during `done`. */
    th_status (*get)(const th_host*, const th_call*, const th_fetch_request*, void* user,
                     void (*done)(void* user, const th_fetch_response*) TH_NOEXCEPT) TH_NOEXCEPT;
    /* [in-call] Why the last get of this call failed: a sentence that lives until the next get.  Empty when it did
     * not fail. */
    th_str (*why)(const th_host*, const th_call*) TH_NOEXCEPT;
} th_host_fetch_v1;

/* ---- Machine: what the firmware of a VM would find, asked of QEMU.  No guest runs for it. ---- */
#define TH_HOST_MACHINE_V1 "teehost.host.machine/1"
typedef struct th_fw_cfg_request {
    uint32_t struct_size;
    uint32_t flags; /* none yet */
    /* A QEMU command line without argv[0], as of th_measure_request, from which the plugin has taken what has effects
     * outside of QEMU (files, sockets, devices of the host).  The host adds -accel, -display, -sandbox. */
    const th_str* qemu_args;
    size_t qemu_arg_count;
    const th_str* names; /* files of QEMU's fw_cfg: "etc/acpi/tables" */
    size_t name_count;
} th_fw_cfg_request;
typedef struct th_host_machine_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [in-call] Starts the configured QEMU with its vCPUs stopped, sets a q35's chipset up as OVMF does (PCI Express
     * window at 0xE0000000, power management ports at 0x600; PCI BARs stay as they are after a reset), and reads the
     * files.  Blocks for a second or so; the host remembers answers.  `file` runs once for each name that there is, in
     * their order, before fw_cfg returns, and must copy. */
    th_status (*fw_cfg)(const th_host*, const th_call*, const th_fw_cfg_request*, void* user,
                        void (*file)(void* user, th_str name, th_bytes content) TH_NOEXCEPT) TH_NOEXCEPT;
    /* [in-call] Why the last fw_cfg of this call failed: a sentence that lives until the next.  Empty when it did not
     * fail. */
    th_str (*why)(const th_host*, const th_call*) TH_NOEXCEPT;
} th_host_machine_v1;

/* ==== 4. Plugin and entry =================================================================================== */

/* Roles and traits.  At least one role. */
enum {
    TH_ROLE_BACKEND = 1u << 0,  /* can be the one backend of a VM: needs compose */
    TH_ROLE_ATTESTER = 1u << 1, /* can be one of the attesters of a VM: needs verify; may have compose, measure */
    TH_PLUGIN_CONFIDENTIAL = 1u << 8, /* its VMs are shielded from the host.  A backend with it needs measure too;
                                         backend=auto prefers it, and warns when it has to do without */
    TH_PLUGIN_NEEDS_KVM = 1u << 9,    /* cannot run under TCG */
    TH_PLUGIN_SERIAL = 1u << 10       /* the host takes one lock around all [any] calls that have an instance */
};

/* The plugin.  Immutable, in static storage. */
typedef struct th_plugin {
    uint32_t struct_size;
    uint32_t flags; /* TH_ROLE_*, TH_PLUGIN_* */
    th_str id;      /* [a-z][a-z0-9-]{0,31}: "sev-snp".  Also the first part of its options' keys */
    th_str version; /* of the plugin, semantic versioning */
    th_str vendor;
    th_str license;    /* SPDX expression */
    th_str summary;    /* one line */
    th_str select_env; /* an environment switch of old that selects this backend when true; may be empty */
    /* [once] Makes the instance.  `host` outlives it.  Options without TH_OPT_RELOADABLE are to be read here.
     * Opens files at most: whether the machine is fit is asked by probe. */
    th_status (*create)(const th_call*, const th_host* host, th_instance** out) TH_NOEXCEPT;
    /* [once] After all other calls have returned.  Joins every thread the plugin started. */
    void (*destroy)(th_instance*) TH_NOEXCEPT;
    /* [any] A static table of section 6, or NULL.  The answer for one id never changes.  Needs no instance. */
    const void* (*get_interface)(const char* id)TH_NOEXCEPT;
} th_plugin;

/* The host speaks first. */
typedef struct th_offer {
    uint32_t struct_size;
    uint32_t major_min, major_max; /* the host can serve these, both ends included */
    uint32_t minor;                /* of major_max */
    th_str host_version;
} th_offer;

/* Zeroed by the host, struct_size set to what it has room for. */
typedef struct th_answer {
    uint32_t struct_size;
    uint32_t major; /* chosen: major_min <= major <= major_max */
    uint32_t minor; /* of the header the plugin was compiled with */
    uint32_t reserved;
    const th_plugin* plugin;
} th_answer;

/* The one exported symbol.  Pure: no I/O, no threads, no allocation needed.  TH_OK, or TH_UNIMPLEMENTED when no
 * version of the offer suits. */
typedef th_status (*th_entry_fn)(const th_offer*, th_answer*) TH_NOEXCEPT;
TH_EXPORT th_status teehost_plugin_entry(const th_offer* offer, th_answer* answer) TH_NOEXCEPT;

/* ==== 5. Checks and claims: shared by probe and verify ====================================================== */

typedef uint32_t th_verdict;
enum {
    TH_V_UNSET = 0, /* never reported */
    TH_V_PASS = 1,
    TH_V_FAIL = 2,
    TH_V_WARN = 3,  /* works, but an operator may want to act */
    TH_V_SKIP = 4,  /* not looked at; the message says why */
    TH_V_ERROR = 5, /* could not be decided: a certificate is missing, a reference value is not known */
    /* Could not be decided because of the evidence itself: it cannot be read, is of another kind, or lacks a piece.  For a
     * file that a person handed over it counts as TH_V_ERROR: the wrong file says nothing of a VM.  What a running VM
     * answered its agent has chosen, so there the host counts it as TH_V_FAIL: garbage must not be better than a lie. */
    TH_V_UNFIT = 6
};

/* When a declared check is required.  The last four are for verify: the host refuses to ask a plugin that declares no
 * check for something the request contains, so a nonce or digest that was given can never be skipped in silence. */
enum {
    TH_CHECK_REQUIRED = 1u << 0,       /* always */
    TH_CHECK_IF_REPORT_DATA = 1u << 1, /* when the request has report_data */
    TH_CHECK_IF_EXPECTED = 1u << 2,    /* when it has expected registers */
    TH_CHECK_IF_REFERENCE = 1u << 3,   /* when it has reference values */
    TH_CHECK_IF_POLICY = 1u << 4       /* when it has a policy document */
};

/* Declaration of a check. */
typedef struct th_check_spec {
    uint32_t struct_size;
    uint32_t flags; /* TH_CHECK_* */
    th_str id;      /* dotted, stable: "snp.report.signature".  "tpm.pcr.*" declares a family: one member at least
                       is reported, each once */
    th_str title;   /* a few words for people */
} th_check_spec;

/* Outcome of a check. */
typedef struct th_check {
    uint32_t struct_size;
    th_verdict verdict;
    th_str id;      /* one of the declared ids, or a member of a declared family; each at most once a call */
    th_str message; /* why; mandatory unless TH_V_PASS */
    th_str hint;    /* remedy; checks of probe should have one unless they pass */
    th_value expected, actual; /* TH_T_NONE when there is nothing to compare */
} th_check;

typedef struct th_check_spec_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;
    th_status (*add)(const struct th_check_spec_sink*, const th_check_spec*) TH_NOEXCEPT; /* [in-call] */
} th_check_spec_sink;

/* Claims only: of evidence that nobody has verified. */
typedef struct th_claim_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;
    th_status (*claim)(const struct th_claim_sink*, const th_named*) TH_NOEXCEPT; /* [in-call] each key once */
} th_claim_sink;

/* Checks, and claims that came to light on the way.  Of a VM that the host watches, two kinds of claims are more than words:
 *   "kept.KEY"       of an accepted verdict is the reference value KEY of the VM's next one;
 *   "evidence.KIND"  bytes of kind KIND that this verdict relies on and another plugin of the VM has to accept as well. */
typedef struct th_check_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;
    th_status (*check)(const struct th_check_sink*, const th_check*) TH_NOEXCEPT; /* [in-call] */
    th_status (*claim)(const struct th_check_sink*, const th_named*) TH_NOEXCEPT; /* [in-call] each key once */
} th_check_sink;

/* ==== 6. Interfaces a plugin may offer: th_plugin.get_interface(id) ========================================= */

/* ---- Options: declared by the plugin; layered, parsed and validated by the host. ---- */
#define TH_OPTIONS_V1 "teehost.options/1"
enum {
    TH_OPT_REQUIRED = 1u << 0,   /* no start without a value */
    TH_OPT_SENSITIVE = 1u << 1,  /* masked in listings, logs and events */
    TH_OPT_PER_VM = 1u << 2,     /* a request may override it */
    TH_OPT_RELOADABLE = 1u << 3, /* may change under a living instance; the others are pinned at create */
    TH_OPT_DEPRECATED = 1u << 4, /* accepted, without effect */
    TH_OPT_HAS_DEFAULT = 1u << 5,
    TH_OPT_HAS_RANGE = 1u << 6,
    TH_OPT_AUTO = 1u << 7 /* the word "auto" is a value: TH_T_AUTO */
};
typedef struct th_option_spec {
    uint32_t struct_size;
    uint32_t flags; /* TH_OPT_* */
    th_type type;
    uint32_t reserved;
    th_str key;          /* [a-z][a-z0-9_]*, unique in the plugin.  In files: plugin id + "." + key */
    th_str help;         /* one sentence, units included */
    th_str default_text; /* with TH_OPT_HAS_DEFAULT; parsed like any other text */
    const th_str* env;   /* environment names; the first that is set wins */
    size_t env_count;
    const th_str* choices; /* TH_T_ENUM only */
    size_t choice_count;
    int64_t min,
        max; /* with TH_OPT_HAS_RANGE, both included: TH_T_INT, UINT; SIZE in bytes; DURATION in nanoseconds */
} th_option_spec;
typedef struct th_option_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;
    th_status (*add)(const struct th_option_sink*, const th_option_spec*) TH_NOEXCEPT; /* [in-call] */
} th_option_sink;
typedef struct th_options_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] Needs no instance and no hardware: listings and the validation of a configuration come before both. */
    th_status (*describe)(const th_option_sink*) TH_NOEXCEPT;
} th_options_v1;

/* ---- The virtual machine, as the host sees it: input of compose, measure and probe. ---- */
enum { TH_VM_CONFIDENTIAL = 1u << 0 }; /* its backend protects it from the host */
typedef struct th_vm_spec {
    uint32_t struct_size;
    uint32_t vcpus;     /* present at start */
    uint32_t max_vcpus; /* with those that could be added; >= vcpus */
    uint32_t guest_cid; /* vsock; 0 = none */
    uint64_t memory_bytes;
    th_str vm_id;         /* UUID; empty when no particular VM is meant (probe, measure without a daemon) */
    th_str run_dir;       /* absolute, 0700, private to this VM; exists in compose.  Empty when vm_id is */
    th_str qemu_binary;   /* path, or a name to be found in PATH */
    th_str qemu_version;  /* "7.2.22"; empty if unknown */
    th_str accel;         /* "kvm" or "tcg" */
    th_str machine;       /* "q35" */
    th_str cpu;           /* "EPYC" */
    th_str firmware_code; /* path of the firmware's code; empty = none, as for all paths that follow */
    /* The VM's own copy of the variable store, under run_dir: what QEMU opens.  The host makes it before QEMU starts,
     * so it need not exist yet, and the guest changes it later: measure firmware_vars_source, which it is made from. */
    th_str firmware_vars;
    th_str firmware_vars_source;
    th_str
        igvm; /* the IGVM file that the backend boots instead of firmware; in the backend's own compose still empty */
    th_str kernel; /* direct boot */
    th_str initrd;
    th_str cmdline;     /* kernel command line, byte for byte what the guest gets */
    th_bytes host_data; /* the request's binding data; empty = none */
    /* SHA-256 over what the VM was configured with (kernel, initrd, command line, agent environment without its
     * secrets), for a backend that can bind it as host data; docs/attestation.md says how it is computed.  Empty when
     * unknown. */
    th_bytes config_digest;
    uint32_t flags;            /* TH_VM_* */
    uint32_t memory_slots;     /* into which memory could be plugged later; 0 = none */
    uint64_t max_memory_bytes; /* with that memory; meaningless without slots */
} th_vm_spec;

/* ---- Probe: is this host fit for the plugin?  Asked by `teehost backends`, backend=auto and the readiness gate. ---- */
#define TH_PROBE_V1 "teehost.probe/1"
typedef struct th_probe_request {
    uint32_t struct_size;
    uint32_t flags;       /* none yet */
    const th_vm_spec* vm; /* the VM that the settings describe: firmware, QEMU.  May be NULL */
} th_probe_request;
typedef struct th_probe_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    th_status (*describe)(const th_check_spec_sink*) TH_NOEXCEPT; /* [any] every check id that run can report */
    /* [any] Read-only, seconds at most.  The plugin is usable when each required check is PASS or WARN. */
    th_status (*run)(th_instance*, const th_call*, const th_probe_request*, const th_check_sink*) TH_NOEXCEPT;
} th_probe_v1;

/* ---- Compose: what the plugin adds to a VM.  It says what; the host writes the command line. ---- */
#define TH_COMPOSE_V1 "teehost.compose/1"

enum {
    TH_FW_CODE = 1, /* flash unit 0, read-only */
    TH_FW_VARS = 2, /* flash unit 1 */
    TH_FW_BIOS = 3, /* -bios */
    TH_FW_IGVM = 4  /* an IGVM file: the host checks and hashes it; the plugin's own object refers to it */
};

/* A file the host makes as run_dir/name before anything starts, and removes with the VM. */
enum {
    TH_FILE_SENSITIVE = 1u << 0, /* holds a secret: never logged or shown, the host wipes its copy */
    TH_FILE_KEEP = 1u << 1,      /* survives a stop of the VM */
    TH_FILE_READONLY = 1u << 2   /* write permission is taken away once it is written */
};
typedef struct th_file {
    uint32_t struct_size;
    uint32_t flags;   /* TH_FILE_* */
    th_str name;      /* one component: no '/', not "." or ".." */
    th_str copy_from; /* absolute source path, or empty: then ... */
    th_bytes content; /* ... these bytes */
    uint32_t mode;    /* permission bits; 0 = 0600.  Group and others never get write */
    uint32_t reserved;
} th_file;

/* When the host goes on after starting a sidecar. */
enum {
    TH_READY_SPAWNED = 0,      /* at once */
    TH_READY_UNIX_CONNECT = 1, /* when connect(2) to the Unix socket ready_path succeeds */
    TH_READY_PATH_EXISTS = 2,  /* when ready_path exists */
    /* When it has ended with status 0: a preparation step, not a companion.  Processes that it started and that still run
     * then are killed, and so are all of them when the daemon ends meanwhile. */
    TH_READY_EXIT_0 = 3
};
/* Traits of a sidecar. */
enum {
    /* The step depends on its argv, its env, the files of this fragment, and on files of the host that stay the same as
     * long as the daemon runs; it leaves its results in run_dir, and writes no path into them.  So the host may run it
     * before the VM is asked for, in a directory whose path it puts in the place of run_dir in argv, env and the content
     * of files.  The results move to the VM that gets the vm_id they were made with, once and to no other, if its compose
     * still asks for the same.  Goes with TH_READY_EXIT_0 only.  Has no effect beside files that are sensitive or copied.
     */
    TH_SIDECAR_AHEAD = 1u << 0
};
/* A process the host starts before QEMU, in the order given, supervises, and stops after QEMU. */
typedef struct th_sidecar {
    uint32_t struct_size;
    uint32_t ready;     /* TH_READY_* */
    th_str name;        /* [a-z][a-z0-9-]{0,31}, unique per VM: "swtpm" */
    const th_str* argv; /* argv[0] is an absolute path, or a name to be found in PATH */
    size_t argc;
    const th_kv* env; /* the whole environment: nothing is inherited */
    size_t env_count;
    th_str ready_path;
    uint64_t ready_timeout_ns; /* 0 = the host's default */
    uint64_t stop_timeout_ns;  /* from SIGTERM to SIGKILL; 0 = the host's default */
    /* Appended after 1.0. */
    uint32_t flags; /* TH_SIDECAR_* */
    uint32_t reserved;
} th_sidecar;

/* The host merges the fragments of a VM's backend and attesters, in this order.  A contradiction or duplicate is
 * refused: at once with TH_ALREADY_EXISTS when both come from this plugin, by failing the launch otherwise. */
typedef struct th_fragment_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;
    /* [in-call] Properties for the one -machine.  Not accel, type, memory-backend: these are the host's. */
    th_status (*machine)(const struct th_fragment_sink*, const th_kv* props, size_t n) TH_NOEXCEPT;
    /* [in-call] Type of the VM's memory backend, "memory-backend-memfd".  Not id, size: the host's.  Once. */
    th_status (*memory)(const struct th_fragment_sink*, th_str backend_type, const th_kv* props, size_t n)
        TH_NOEXCEPT;
    /* [in-call] CPU model; empty keeps the VM's.  Features are props: {"pmu","off"}.  Once. */
    th_status (*cpu)(const struct th_fragment_sink*, th_str model, const th_kv* props, size_t n) TH_NOEXCEPT;
    /* [in-call] -OPTION DRIVER,id=ID,key=value,...  OPTION: object device chardev tpmdev netdev blockdev fw_cfg.
     * driver and id may be empty; blockdev's id is its node-name.  The host doubles commas, and keeps an option's order. */
    th_status (*item)(const struct th_fragment_sink*, th_str option, th_str driver, th_str id, const th_kv* props,
                      size_t n) TH_NOEXCEPT;
    /* [in-call] -OPTION '{...}', for nested properties.  OPTION is one of object device netdev blockdev. */
    th_status (*item_json)(const struct th_fragment_sink*, th_str option, th_str json) TH_NOEXCEPT;
    /* [in-call] Firmware of one kind, TH_FW_*; each kind once.  Without any, QEMU's own is used. */
    th_status (*firmware)(const struct th_fragment_sink*, uint32_t kind, th_str path) TH_NOEXCEPT;
    /* [in-call] -kernel, -initrd, -append.  Once; initrd and cmdline may be empty. */
    th_status (*direct_boot)(const struct th_fragment_sink*, th_str kernel, th_str initrd, th_str cmdline)
        TH_NOEXCEPT;
    /* [in-call] Arguments as they are.  Last resort: nothing is checked, each use is logged with the plugin. */
    th_status (*raw)(const struct th_fragment_sink*, const th_str* args, size_t n) TH_NOEXCEPT;
    th_status (*file)(const struct th_fragment_sink*, const th_file*) TH_NOEXCEPT; /* [in-call] each name once */
    th_status (*sidecar)(const struct th_fragment_sink*, const th_sidecar*)
        TH_NOEXCEPT; /* [in-call] each name once */
    /* [in-call] Kept in the VM's record and shown to people.  Each key once. */
    th_status (*note)(const struct th_fragment_sink*, th_str key, th_str value) TH_NOEXCEPT;
} th_fragment_sink;

typedef struct th_compose_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] A pure function of (vm, options): same input, same fragment; reads files at most.  The host calls it again
     * after its own restart to see that a running VM is still what the settings say. */
    th_status (*compose)(th_instance*, const th_call*, const th_vm_spec*, const th_fragment_sink*) TH_NOEXCEPT;
} th_compose_v1;

/* ---- Measure: what evidence of this VM must show, computed from its inputs.  Needs no TEE. ---- */
#define TH_MEASURE_V1 "teehost.measure/1"
typedef struct th_measure_request {
    uint32_t struct_size;
    uint32_t flags; /* none yet */
    const th_vm_spec* vm;
    /* The final QEMU command line without argv[0], all fragments merged: the order of devices reaches the ACPI tables,
     * and through them registers such as TDX's RTMR0.  Count 0 when there is none yet: leave such registers out. */
    const th_str* qemu_args;
    size_t qemu_arg_count;
} th_measure_request;
typedef struct th_register {
    uint32_t struct_size;
    th_alg alg;
    th_str name;     /* "LAUNCH_DIGEST", "MRTD", "RTMR1", "PCR4" */
    th_bytes digest; /* as long as alg says */
} th_register;
/* What went into a register, in order.  For a register that is extended and has one digest, the events replayed from
 * zeros give it; for others they are commentary, and `what` says which of several digests an event belongs to. */
typedef struct th_measure_event {
    uint32_t struct_size;
    th_alg alg;
    th_str reg;      /* name of the register */
    th_str what;     /* "kernel", "vmsa[3]", "EV_EFI_BOOT_SERVICES_APPLICATION" */
    th_str source;   /* file path or derivation; may be empty */
    th_bytes digest; /* the value extended */
} th_measure_event;
typedef struct th_measure_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;
    /* [in-call] Again for the same (name, alg), with another digest, when what decides between them is not known: any of
     * them will do, as in th_verify_request.expected.  Each digest once. */
    th_status (*reg)(const struct th_measure_sink*, const th_register*) TH_NOEXCEPT;
    th_status (*value)(const struct th_measure_sink*, const th_named*)
        TH_NOEXCEPT; /* [in-call] policy bits, SVNs, ids */
    th_status (*event)(const struct th_measure_sink*, const th_measure_event*) TH_NOEXCEPT; /* [in-call] */
} th_measure_sink;
typedef struct th_measure_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    th_status (*measure)(th_instance*, const th_call*, const th_measure_request*, const th_measure_sink*)
        TH_NOEXCEPT; /* [any] */
} th_measure_v1;

/* ---- Verify: does this evidence prove what the request asks?
 * A status is not a verdict: TH_OK says that the procedure ran.  Acceptance is the host's: every required check was
 * reported exactly once with PASS, no check is FAIL or ERROR, and there was a required check at all.  So a plugin that
 * forgets, returns early or fails half-way can only make the result stricter. ---- */
#define TH_VERIFY_V1 "teehost.verify/1"
typedef struct th_blob { /* evidence, collateral, or a trust anchor */
    uint32_t struct_size;
    uint32_t reserved;
    th_str
        kind; /* "snp.report", "tdx.quote", "tpm.quote", "x509.pem", "crl.der", ...  "x509.offered": a certificate among the
                    collateral that came with the evidence, and that whoever made it chose.  "event_log": the boot's log, of
                    whatever form, as an option named it: believe it, and do not recognise anything by it.  Empty: look
                    at the bytes, as for a file that a person handed over; refuse what they do not tell */
    th_bytes data;
} th_blob;
enum { TH_VERIFY_OFFLINE = 1u << 0 }; /* nothing may be fetched */
typedef struct th_verify_request {
    uint32_t struct_size;
    uint32_t flags; /* TH_VERIFY_* */
    const th_blob* const* evidence;
    size_t evidence_count;
    const th_blob* const* collateral; /* used before anything is fetched */
    size_t collateral_count;
    const th_blob* const* anchors; /* none = the plugin's built-in roots */
    size_t anchor_count;
    /* Several of one name = any of them will do.  An empty name is the register that identifies the VM's initial
     * contents: LAUNCH_DIGEST, MRTD. */
    const th_register* const* expected;
    size_t expected_count;
    const th_named* reference; /* as emitted by measure, or edited by policy */
    size_t reference_count;
    th_bytes report_data; /* what the evidence must bind; empty = not asked */
    th_str policy_json;   /* this plugin's policy document; empty = its defaults */
    int64_t at_wall_ns;   /* instant at which certificates must be valid, Unix epoch; 0 = now, by the clock */
} th_verify_request;
typedef struct th_verify_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    th_status (*describe)(const th_check_spec_sink*) TH_NOEXCEPT; /* [any] every check id that verify can report */
    /* [any] 0..100: how surely this blob is for this plugin, by its bytes.  Needs no instance. */
    int32_t (*recognise)(const th_blob*) TH_NOEXCEPT;
    /* [any] What the evidence says of itself.  Nothing is verified, and nothing here can lead to acceptance. */
    th_status (*inspect)(th_instance*, const th_call*, const th_blob*, const th_claim_sink*) TH_NOEXCEPT;
    th_status (*verify)(th_instance*, const th_call*, const th_verify_request*, const th_check_sink*)
        TH_NOEXCEPT; /* [any] */
} th_verify_v1;

/* ---- Attest: what the agent inside a running VM is asked for, so that verify has something to judge.  Without it the VM
 * is not attested by this plugin; people may still hand evidence to verify. ---- */
#define TH_ATTEST_V1 "teehost.attest/1"
enum { /* AttestationRequest.type of the Cocos agent */
       TH_EVIDENCE_SNP = 0,
       TH_EVIDENCE_VTPM = 1,
       TH_EVIDENCE_SNP_VTPM = 2,
       TH_EVIDENCE_TDX = 4
};
typedef struct th_challenge_request {
    uint32_t struct_size;
    uint32_t flags; /* none yet */
    const th_vm_spec* vm;
    const th_blob* const* evidence; /* of this moment, unverified; and what the agent says endorses its key */
    size_t evidence_count;
} th_challenge_request;
typedef struct th_challenge_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;
    /* [in-call] What the agent is asked, and what it must answer, which is secret.  At most once; not at all when
     * nothing would follow from an answer. */
    th_status (*challenge)(const struct th_challenge_sink*, th_bytes challenge, th_bytes answer) TH_NOEXCEPT;
    /* [in-call] Reference value for the verify that follows, once the answer was right.  Each key once. */
    th_status (*value)(const struct th_challenge_sink*, const th_named*) TH_NOEXCEPT;
} th_challenge_sink;
typedef struct th_attest_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] The evidence to ask for, TH_EVIDENCE_*.  TH_FAILED_PRECONDITION for a VM that has none for this plugin. */
    th_status (*evidence)(th_instance*, const th_call*, const th_vm_spec*, uint32_t* type) TH_NOEXCEPT;
    /* [any] May be null: the evidence stands for itself. */
    th_status (*challenge)(th_instance*, const th_call*, const th_challenge_request*, const th_challenge_sink*)
        TH_NOEXCEPT;
} th_attest_v1;

/* ---- Diagnose: a failed start, in QEMU's words -> cause and remedy. ---- */
#define TH_DIAGNOSE_V1 "teehost.diagnose/1"
typedef struct th_failure {
    uint32_t struct_size;
    int32_t wait_status; /* as from waitpid(2); -1 = still running, or never started */
    th_str stage;        /* "sidecar:NAME", "qemu", "qmp", "boot" */
    th_str stderr_tail;  /* up to the last 64 KiB; bytes that are not UTF-8 are replaced */
    th_str qmp_error;    /* desc of the last QMP error; may be empty */
} th_failure;
typedef struct th_finding {
    uint32_t struct_size;
    uint32_t confidence; /* 0..100; the host shows the best, and those within 20 of it */
    th_str cause;        /* a sentence */
    th_str remedy;       /* a sentence */
    th_str quote;        /* the words of the input that led here */
} th_finding;
typedef struct th_finding_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;
    th_status (*finding)(const struct th_finding_sink*, const th_finding*) TH_NOEXCEPT; /* [in-call] */
} th_finding_sink;
typedef struct th_diagnose_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    th_status (*diagnose)(th_instance*, const th_call*, const th_failure*, const th_finding_sink*)
        TH_NOEXCEPT; /* [any] */
} th_diagnose_v1;

/* ---- Capacity: for how many VMs the platform has slots (SEV ASIDs, TDX key ids).  Without it there is no limit but
 * the host's own. ---- */
#define TH_CAPACITY_V1 "teehost.capacity/1"
enum { TH_CAPACITY_IN_USE_KNOWN = 1u << 0 }; /* in_use is meaningful; else the host counts its own VMs */
typedef struct th_capacity {
    uint32_t struct_size;
    uint32_t flags;  /* TH_CAPACITY_* */
    th_str resource; /* in words: "SEV-SNP ASIDs"; each once */
    uint64_t total;  /* the host has */
    uint64_t in_use; /* now, by anybody on this host, VMs of other programs included */
    uint64_t per_vm; /* one VM takes; not 0 */
} th_capacity;
typedef struct th_capacity_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;
    th_status (*resource)(const struct th_capacity_sink*, const th_capacity*) TH_NOEXCEPT; /* [in-call] */
} th_capacity_sink;
typedef struct th_capacity_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    th_status (*report)(th_instance*, const th_call*, const th_capacity_sink*) TH_NOEXCEPT; /* [any] quick */
} th_capacity_v1;

#ifdef __cplusplus
}
#endif
#endif /* TEEHOST_PLUGIN_H */
