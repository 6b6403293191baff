/* SPDX-License-Identifier: Apache-2.0
 *
 * The layout of ABI 1.0, locked: what follows is append-only. A line here that no longer compiles means that a plugin
 * built against 1.0 would break; the answer is a new interface, never an edit of the line. What a later minor version
 * adds is appended with the release that adds it.
 */
#include <stdio.h>
#include <string.h>

#include <teehost/plugin.h>

/* A struct that may grow: never smaller than released. */
#define SIZE(type, size) _Static_assert(sizeof(type) >= (size), #type " shrank")
/* A struct that never changes. */
#define FROZEN(type, size) _Static_assert(sizeof(type) == (size), #type " changed")
/* A member: where it is and exactly what it is. */
#define MEMBER(type, member, offset, ...)                                                                              \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member " moved");                                    \
    _Static_assert(_Generic(((type*)0)->member, __VA_ARGS__ : 1, default : 0), #type "." #member " changed type")
#define VALUE(constant, number) _Static_assert((constant) == (number), #constant " was renumbered")

_Static_assert(_Generic((th_status)0, int32_t : 1, default : 0), "th_status changed");
_Static_assert(_Generic((th_type)0, uint32_t : 1, default : 0), "th_type changed");
_Static_assert(_Generic((th_alg)0, uint32_t : 1, default : 0), "th_alg changed");
_Static_assert(_Generic((th_verdict)0, uint32_t : 1, default : 0), "th_verdict changed");
_Static_assert(_Generic(&teehost_plugin_entry, th_status (*)(const th_offer*, th_answer*) : 1, default : 0),
               "the entry symbol changed");
_Static_assert(_Generic((th_entry_fn)0, th_status (*)(const th_offer*, th_answer*) : 1, default : 0),
               "th_entry_fn changed");

FROZEN(th_str, 16);
MEMBER(th_str, ptr, 0, const char*);
MEMBER(th_str, len, 8, size_t);

FROZEN(th_bytes, 16);
MEMBER(th_bytes, ptr, 0, const uint8_t*);
MEMBER(th_bytes, len, 8, size_t);

FROZEN(th_kv, 32);
MEMBER(th_kv, key, 0, th_str);
MEMBER(th_kv, value, 16, th_str);

FROZEN(th_value, 56);
MEMBER(th_value, type, 0, th_type);
MEMBER(th_value, reserved, 4, uint32_t);
MEMBER(th_value, i, 8, int64_t);
MEMBER(th_value, u, 16, uint64_t);
MEMBER(th_value, s, 24, th_str);
MEMBER(th_value, b, 40, th_bytes);

FROZEN(th_named, 72);
MEMBER(th_named, key, 0, th_str);
MEMBER(th_named, value, 16, th_value);

SIZE(th_error, 64);
MEMBER(th_error, struct_size, 0, uint32_t);
MEMBER(th_error, status, 4, th_status);
MEMBER(th_error, message, 8, th_str);
MEMBER(th_error, hint, 24, th_str);
MEMBER(th_error, field, 40, th_str);
MEMBER(th_error, sys_errno, 56, int32_t);
MEMBER(th_error, reserved, 60, int32_t);

SIZE(th_call, 64);
MEMBER(th_call, struct_size, 0, uint32_t);
MEMBER(th_call, reserved, 4, uint32_t);
MEMBER(th_call, ctx, 8, void*);
MEMBER(th_call, deadline_ns, 16, uint64_t);
MEMBER(th_call, trace_id, 24, th_str);
MEMBER(th_call, cancelled, 40, int32_t (*)(const struct th_call*));
MEMBER(th_call, fail, 48, th_status (*)(const struct th_call*, const th_error*));
MEMBER(th_call, option, 56, th_status (*)(const struct th_call*, th_str key, size_t index, th_value* out));

SIZE(th_host, 40);
MEMBER(th_host, struct_size, 0, uint32_t);
MEMBER(th_host, abi_minor, 4, uint32_t);
MEMBER(th_host, ctx, 8, void*);
MEMBER(th_host, version, 16, th_str);
MEMBER(th_host, get_interface, 32, const void* (*)(const struct th_host*, const char* id));

SIZE(th_host_log_v1, 24);
MEMBER(th_host_log_v1, struct_size, 0, uint32_t);
MEMBER(th_host_log_v1, reserved, 4, uint32_t);
MEMBER(th_host_log_v1, enabled, 8, int32_t (*)(const th_host*, uint32_t level));
MEMBER(th_host_log_v1, write, 16,
       void (*)(const th_host*, uint32_t level, th_str message, const th_kv* fields, size_t field_count));

SIZE(th_host_clock_v1, 24);
MEMBER(th_host_clock_v1, struct_size, 0, uint32_t);
MEMBER(th_host_clock_v1, reserved, 4, uint32_t);
MEMBER(th_host_clock_v1, wall_ns, 8, int64_t (*)(const th_host*));
MEMBER(th_host_clock_v1, monotonic_ns, 16, uint64_t (*)(const th_host*));

SIZE(th_fetch_request, 56);
MEMBER(th_fetch_request, struct_size, 0, uint32_t);
MEMBER(th_fetch_request, flags, 4, uint32_t);
MEMBER(th_fetch_request, url, 8, th_str);
MEMBER(th_fetch_request, accept, 24, th_str);
MEMBER(th_fetch_request, max_age_ns, 40, uint64_t);
MEMBER(th_fetch_request, max_bytes, 48, uint64_t);

SIZE(th_fetch_response, 48);
MEMBER(th_fetch_response, struct_size, 0, uint32_t);
MEMBER(th_fetch_response, http_status, 4, uint32_t);
MEMBER(th_fetch_response, body, 8, th_bytes);
MEMBER(th_fetch_response, headers, 24, const th_kv*);
MEMBER(th_fetch_response, header_count, 32, size_t);
MEMBER(th_fetch_response, fetched_wall_ns, 40, int64_t);

SIZE(th_host_fetch_v1, 24);
MEMBER(th_host_fetch_v1, struct_size, 0, uint32_t);
MEMBER(th_host_fetch_v1, reserved, 4, uint32_t);
MEMBER(th_host_fetch_v1, get, 8,
       th_status (*)(const th_host*, const th_call*, const th_fetch_request*, void* user,
                     void (*done)(void* user, const th_fetch_response*)));
MEMBER(th_host_fetch_v1, why, 16, th_str (*)(const th_host*, const th_call*));

SIZE(th_fw_cfg_request, 40);
MEMBER(th_fw_cfg_request, struct_size, 0, uint32_t);
MEMBER(th_fw_cfg_request, flags, 4, uint32_t);
MEMBER(th_fw_cfg_request, qemu_args, 8, const th_str*);
MEMBER(th_fw_cfg_request, qemu_arg_count, 16, size_t);
MEMBER(th_fw_cfg_request, names, 24, const th_str*);
MEMBER(th_fw_cfg_request, name_count, 32, size_t);

SIZE(th_host_machine_v1, 24);
MEMBER(th_host_machine_v1, struct_size, 0, uint32_t);
MEMBER(th_host_machine_v1, reserved, 4, uint32_t);
MEMBER(th_host_machine_v1, fw_cfg, 8,
       th_status (*)(const th_host*, const th_call*, const th_fw_cfg_request*, void* user,
                     void (*file)(void* user, th_str name, th_bytes content)));
MEMBER(th_host_machine_v1, why, 16, th_str (*)(const th_host*, const th_call*));

SIZE(th_plugin, 128);
MEMBER(th_plugin, struct_size, 0, uint32_t);
MEMBER(th_plugin, flags, 4, uint32_t);
MEMBER(th_plugin, id, 8, th_str);
MEMBER(th_plugin, version, 24, th_str);
MEMBER(th_plugin, vendor, 40, th_str);
MEMBER(th_plugin, license, 56, th_str);
MEMBER(th_plugin, summary, 72, th_str);
MEMBER(th_plugin, select_env, 88, th_str);
MEMBER(th_plugin, create, 104, th_status (*)(const th_call*, const th_host* host, th_instance** out));
MEMBER(th_plugin, destroy, 112, void (*)(th_instance*));
MEMBER(th_plugin, get_interface, 120, const void* (*)(const char* id));

SIZE(th_offer, 32);
MEMBER(th_offer, struct_size, 0, uint32_t);
MEMBER(th_offer, major_min, 4, uint32_t);
MEMBER(th_offer, major_max, 8, uint32_t);
MEMBER(th_offer, minor, 12, uint32_t);
MEMBER(th_offer, host_version, 16, th_str);

SIZE(th_answer, 24);
MEMBER(th_answer, struct_size, 0, uint32_t);
MEMBER(th_answer, major, 4, uint32_t);
MEMBER(th_answer, minor, 8, uint32_t);
MEMBER(th_answer, reserved, 12, uint32_t);
MEMBER(th_answer, plugin, 16, const th_plugin*);

SIZE(th_check_spec, 40);
MEMBER(th_check_spec, struct_size, 0, uint32_t);
MEMBER(th_check_spec, flags, 4, uint32_t);
MEMBER(th_check_spec, id, 8, th_str);
MEMBER(th_check_spec, title, 24, th_str);

SIZE(th_check, 168);
MEMBER(th_check, struct_size, 0, uint32_t);
MEMBER(th_check, verdict, 4, th_verdict);
MEMBER(th_check, id, 8, th_str);
MEMBER(th_check, message, 24, th_str);
MEMBER(th_check, hint, 40, th_str);
MEMBER(th_check, expected, 56, th_value);
MEMBER(th_check, actual, 112, th_value);

SIZE(th_check_spec_sink, 24);
MEMBER(th_check_spec_sink, struct_size, 0, uint32_t);
MEMBER(th_check_spec_sink, reserved, 4, uint32_t);
MEMBER(th_check_spec_sink, ctx, 8, void*);
MEMBER(th_check_spec_sink, add, 16, th_status (*)(const struct th_check_spec_sink*, const th_check_spec*));

SIZE(th_claim_sink, 24);
MEMBER(th_claim_sink, struct_size, 0, uint32_t);
MEMBER(th_claim_sink, reserved, 4, uint32_t);
MEMBER(th_claim_sink, ctx, 8, void*);
MEMBER(th_claim_sink, claim, 16, th_status (*)(const struct th_claim_sink*, const th_named*));

SIZE(th_check_sink, 32);
MEMBER(th_check_sink, struct_size, 0, uint32_t);
MEMBER(th_check_sink, reserved, 4, uint32_t);
MEMBER(th_check_sink, ctx, 8, void*);
MEMBER(th_check_sink, check, 16, th_status (*)(const struct th_check_sink*, const th_check*));
MEMBER(th_check_sink, claim, 24, th_status (*)(const struct th_check_sink*, const th_named*));

SIZE(th_option_spec, 112);
MEMBER(th_option_spec, struct_size, 0, uint32_t);
MEMBER(th_option_spec, flags, 4, uint32_t);
MEMBER(th_option_spec, type, 8, th_type);
MEMBER(th_option_spec, reserved, 12, uint32_t);
MEMBER(th_option_spec, key, 16, th_str);
MEMBER(th_option_spec, help, 32, th_str);
MEMBER(th_option_spec, default_text, 48, th_str);
MEMBER(th_option_spec, env, 64, const th_str*);
MEMBER(th_option_spec, env_count, 72, size_t);
MEMBER(th_option_spec, choices, 80, const th_str*);
MEMBER(th_option_spec, choice_count, 88, size_t);
MEMBER(th_option_spec, min, 96, int64_t);
MEMBER(th_option_spec, max, 104, int64_t);

SIZE(th_option_sink, 24);
MEMBER(th_option_sink, struct_size, 0, uint32_t);
MEMBER(th_option_sink, reserved, 4, uint32_t);
MEMBER(th_option_sink, ctx, 8, void*);
MEMBER(th_option_sink, add, 16, th_status (*)(const struct th_option_sink*, const th_option_spec*));

SIZE(th_options_v1, 16);
MEMBER(th_options_v1, struct_size, 0, uint32_t);
MEMBER(th_options_v1, reserved, 4, uint32_t);
MEMBER(th_options_v1, describe, 8, th_status (*)(const th_option_sink*));

SIZE(th_vm_spec, 296);
MEMBER(th_vm_spec, struct_size, 0, uint32_t);
MEMBER(th_vm_spec, vcpus, 4, uint32_t);
MEMBER(th_vm_spec, max_vcpus, 8, uint32_t);
MEMBER(th_vm_spec, guest_cid, 12, uint32_t);
MEMBER(th_vm_spec, memory_bytes, 16, uint64_t);
MEMBER(th_vm_spec, vm_id, 24, th_str);
MEMBER(th_vm_spec, run_dir, 40, th_str);
MEMBER(th_vm_spec, qemu_binary, 56, th_str);
MEMBER(th_vm_spec, qemu_version, 72, th_str);
MEMBER(th_vm_spec, accel, 88, th_str);
MEMBER(th_vm_spec, machine, 104, th_str);
MEMBER(th_vm_spec, cpu, 120, th_str);
MEMBER(th_vm_spec, firmware_code, 136, th_str);
MEMBER(th_vm_spec, firmware_vars, 152, th_str);
MEMBER(th_vm_spec, firmware_vars_source, 168, th_str);
MEMBER(th_vm_spec, igvm, 184, th_str);
MEMBER(th_vm_spec, kernel, 200, th_str);
MEMBER(th_vm_spec, initrd, 216, th_str);
MEMBER(th_vm_spec, cmdline, 232, th_str);
MEMBER(th_vm_spec, host_data, 248, th_bytes);
MEMBER(th_vm_spec, config_digest, 264, th_bytes);
MEMBER(th_vm_spec, flags, 280, uint32_t);
MEMBER(th_vm_spec, memory_slots, 284, uint32_t);
MEMBER(th_vm_spec, max_memory_bytes, 288, uint64_t);

SIZE(th_probe_request, 16);
MEMBER(th_probe_request, struct_size, 0, uint32_t);
MEMBER(th_probe_request, flags, 4, uint32_t);
MEMBER(th_probe_request, vm, 8, const th_vm_spec*);

SIZE(th_probe_v1, 24);
MEMBER(th_probe_v1, struct_size, 0, uint32_t);
MEMBER(th_probe_v1, reserved, 4, uint32_t);
MEMBER(th_probe_v1, describe, 8, th_status (*)(const th_check_spec_sink*));
MEMBER(th_probe_v1, run, 16,
       th_status (*)(th_instance*, const th_call*, const th_probe_request*, const th_check_sink*));

SIZE(th_file, 64);
MEMBER(th_file, struct_size, 0, uint32_t);
MEMBER(th_file, flags, 4, uint32_t);
MEMBER(th_file, name, 8, th_str);
MEMBER(th_file, copy_from, 24, th_str);
MEMBER(th_file, content, 40, th_bytes);
MEMBER(th_file, mode, 56, uint32_t);
MEMBER(th_file, reserved, 60, uint32_t);

SIZE(th_sidecar, 88);
MEMBER(th_sidecar, struct_size, 0, uint32_t);
MEMBER(th_sidecar, ready, 4, uint32_t);
MEMBER(th_sidecar, name, 8, th_str);
MEMBER(th_sidecar, argv, 24, const th_str*);
MEMBER(th_sidecar, argc, 32, size_t);
MEMBER(th_sidecar, env, 40, const th_kv*);
MEMBER(th_sidecar, env_count, 48, size_t);
MEMBER(th_sidecar, ready_path, 56, th_str);
MEMBER(th_sidecar, ready_timeout_ns, 72, uint64_t);
MEMBER(th_sidecar, stop_timeout_ns, 80, uint64_t);
MEMBER(th_sidecar, flags, 88, uint32_t);
MEMBER(th_sidecar, reserved, 92, uint32_t);

SIZE(th_fragment_sink, 104);
MEMBER(th_fragment_sink, struct_size, 0, uint32_t);
MEMBER(th_fragment_sink, reserved, 4, uint32_t);
MEMBER(th_fragment_sink, ctx, 8, void*);
MEMBER(th_fragment_sink, machine, 16, th_status (*)(const struct th_fragment_sink*, const th_kv* props, size_t n));
MEMBER(th_fragment_sink, memory, 24,
       th_status (*)(const struct th_fragment_sink*, th_str backend_type, const th_kv* props, size_t n));
MEMBER(th_fragment_sink, cpu, 32,
       th_status (*)(const struct th_fragment_sink*, th_str model, const th_kv* props, size_t n));
MEMBER(th_fragment_sink, item, 40,
       th_status (*)(const struct th_fragment_sink*, th_str option, th_str driver, th_str id, const th_kv* props,
                     size_t n));
MEMBER(th_fragment_sink, item_json, 48, th_status (*)(const struct th_fragment_sink*, th_str option, th_str json));
MEMBER(th_fragment_sink, firmware, 56, th_status (*)(const struct th_fragment_sink*, uint32_t kind, th_str path));
MEMBER(th_fragment_sink, direct_boot, 64,
       th_status (*)(const struct th_fragment_sink*, th_str kernel, th_str initrd, th_str cmdline));
MEMBER(th_fragment_sink, raw, 72, th_status (*)(const struct th_fragment_sink*, const th_str* args, size_t n));
MEMBER(th_fragment_sink, file, 80, th_status (*)(const struct th_fragment_sink*, const th_file*));
MEMBER(th_fragment_sink, sidecar, 88, th_status (*)(const struct th_fragment_sink*, const th_sidecar*));
MEMBER(th_fragment_sink, note, 96, th_status (*)(const struct th_fragment_sink*, th_str key, th_str value));

SIZE(th_compose_v1, 16);
MEMBER(th_compose_v1, struct_size, 0, uint32_t);
MEMBER(th_compose_v1, reserved, 4, uint32_t);
MEMBER(th_compose_v1, compose, 8,
       th_status (*)(th_instance*, const th_call*, const th_vm_spec*, const th_fragment_sink*));

SIZE(th_measure_request, 32);
MEMBER(th_measure_request, struct_size, 0, uint32_t);
MEMBER(th_measure_request, flags, 4, uint32_t);
MEMBER(th_measure_request, vm, 8, const th_vm_spec*);
MEMBER(th_measure_request, qemu_args, 16, const th_str*);
MEMBER(th_measure_request, qemu_arg_count, 24, size_t);

SIZE(th_register, 40);
MEMBER(th_register, struct_size, 0, uint32_t);
MEMBER(th_register, alg, 4, th_alg);
MEMBER(th_register, name, 8, th_str);
MEMBER(th_register, digest, 24, th_bytes);

SIZE(th_measure_event, 72);
MEMBER(th_measure_event, struct_size, 0, uint32_t);
MEMBER(th_measure_event, alg, 4, th_alg);
MEMBER(th_measure_event, reg, 8, th_str);
MEMBER(th_measure_event, what, 24, th_str);
MEMBER(th_measure_event, source, 40, th_str);
MEMBER(th_measure_event, digest, 56, th_bytes);

SIZE(th_measure_sink, 40);
MEMBER(th_measure_sink, struct_size, 0, uint32_t);
MEMBER(th_measure_sink, reserved, 4, uint32_t);
MEMBER(th_measure_sink, ctx, 8, void*);
MEMBER(th_measure_sink, reg, 16, th_status (*)(const struct th_measure_sink*, const th_register*));
MEMBER(th_measure_sink, value, 24, th_status (*)(const struct th_measure_sink*, const th_named*));
MEMBER(th_measure_sink, event, 32, th_status (*)(const struct th_measure_sink*, const th_measure_event*));

SIZE(th_measure_v1, 16);
MEMBER(th_measure_v1, struct_size, 0, uint32_t);
MEMBER(th_measure_v1, reserved, 4, uint32_t);
MEMBER(th_measure_v1, measure, 8,
       th_status (*)(th_instance*, const th_call*, const th_measure_request*, const th_measure_sink*));

SIZE(th_blob, 40);
MEMBER(th_blob, struct_size, 0, uint32_t);
MEMBER(th_blob, reserved, 4, uint32_t);
MEMBER(th_blob, kind, 8, th_str);
MEMBER(th_blob, data, 24, th_bytes);

SIZE(th_verify_request, 128);
MEMBER(th_verify_request, struct_size, 0, uint32_t);
MEMBER(th_verify_request, flags, 4, uint32_t);
MEMBER(th_verify_request, evidence, 8, const th_blob* const*);
MEMBER(th_verify_request, evidence_count, 16, size_t);
MEMBER(th_verify_request, collateral, 24, const th_blob* const*);
MEMBER(th_verify_request, collateral_count, 32, size_t);
MEMBER(th_verify_request, anchors, 40, const th_blob* const*);
MEMBER(th_verify_request, anchor_count, 48, size_t);
MEMBER(th_verify_request, expected, 56, const th_register* const*);
MEMBER(th_verify_request, expected_count, 64, size_t);
MEMBER(th_verify_request, reference, 72, const th_named*);
MEMBER(th_verify_request, reference_count, 80, size_t);
MEMBER(th_verify_request, report_data, 88, th_bytes);
MEMBER(th_verify_request, policy_json, 104, th_str);
MEMBER(th_verify_request, at_wall_ns, 120, int64_t);

SIZE(th_verify_v1, 40);
MEMBER(th_verify_v1, struct_size, 0, uint32_t);
MEMBER(th_verify_v1, reserved, 4, uint32_t);
MEMBER(th_verify_v1, describe, 8, th_status (*)(const th_check_spec_sink*));
MEMBER(th_verify_v1, recognise, 16, int32_t (*)(const th_blob*));
MEMBER(th_verify_v1, inspect, 24, th_status (*)(th_instance*, const th_call*, const th_blob*, const th_claim_sink*));
MEMBER(th_verify_v1, verify, 32,
       th_status (*)(th_instance*, const th_call*, const th_verify_request*, const th_check_sink*));

SIZE(th_challenge_request, 32);
MEMBER(th_challenge_request, struct_size, 0, uint32_t);
MEMBER(th_challenge_request, flags, 4, uint32_t);
MEMBER(th_challenge_request, vm, 8, const th_vm_spec*);
MEMBER(th_challenge_request, evidence, 16, const th_blob* const*);
MEMBER(th_challenge_request, evidence_count, 24, size_t);

SIZE(th_challenge_sink, 32);
MEMBER(th_challenge_sink, struct_size, 0, uint32_t);
MEMBER(th_challenge_sink, reserved, 4, uint32_t);
MEMBER(th_challenge_sink, ctx, 8, void*);
MEMBER(th_challenge_sink, challenge, 16, th_status (*)(const struct th_challenge_sink*, th_bytes, th_bytes));
MEMBER(th_challenge_sink, value, 24, th_status (*)(const struct th_challenge_sink*, const th_named*));

SIZE(th_attest_v1, 24);
MEMBER(th_attest_v1, struct_size, 0, uint32_t);
MEMBER(th_attest_v1, reserved, 4, uint32_t);
MEMBER(th_attest_v1, evidence, 8, th_status (*)(th_instance*, const th_call*, const th_vm_spec*, uint32_t*));
MEMBER(th_attest_v1, challenge, 16,
       th_status (*)(th_instance*, const th_call*, const th_challenge_request*, const th_challenge_sink*));

SIZE(th_failure, 56);
MEMBER(th_failure, struct_size, 0, uint32_t);
MEMBER(th_failure, wait_status, 4, int32_t);
MEMBER(th_failure, stage, 8, th_str);
MEMBER(th_failure, stderr_tail, 24, th_str);
MEMBER(th_failure, qmp_error, 40, th_str);

SIZE(th_finding, 56);
MEMBER(th_finding, struct_size, 0, uint32_t);
MEMBER(th_finding, confidence, 4, uint32_t);
MEMBER(th_finding, cause, 8, th_str);
MEMBER(th_finding, remedy, 24, th_str);
MEMBER(th_finding, quote, 40, th_str);

SIZE(th_finding_sink, 24);
MEMBER(th_finding_sink, struct_size, 0, uint32_t);
MEMBER(th_finding_sink, reserved, 4, uint32_t);
MEMBER(th_finding_sink, ctx, 8, void*);
MEMBER(th_finding_sink, finding, 16, th_status (*)(const struct th_finding_sink*, const th_finding*));

SIZE(th_diagnose_v1, 16);
MEMBER(th_diagnose_v1, struct_size, 0, uint32_t);
MEMBER(th_diagnose_v1, reserved, 4, uint32_t);
MEMBER(th_diagnose_v1, diagnose, 8,
       th_status (*)(th_instance*, const th_call*, const th_failure*, const th_finding_sink*));

SIZE(th_capacity, 48);
MEMBER(th_capacity, struct_size, 0, uint32_t);
MEMBER(th_capacity, flags, 4, uint32_t);
MEMBER(th_capacity, resource, 8, th_str);
MEMBER(th_capacity, total, 24, uint64_t);
MEMBER(th_capacity, in_use, 32, uint64_t);
MEMBER(th_capacity, per_vm, 40, uint64_t);

SIZE(th_capacity_sink, 24);
MEMBER(th_capacity_sink, struct_size, 0, uint32_t);
MEMBER(th_capacity_sink, reserved, 4, uint32_t);
MEMBER(th_capacity_sink, ctx, 8, void*);
MEMBER(th_capacity_sink, resource, 16, th_status (*)(const struct th_capacity_sink*, const th_capacity*));

SIZE(th_capacity_v1, 16);
MEMBER(th_capacity_v1, struct_size, 0, uint32_t);
MEMBER(th_capacity_v1, reserved, 4, uint32_t);
MEMBER(th_capacity_v1, report, 8, th_status (*)(th_instance*, const th_call*, const th_capacity_sink*));

VALUE(TH_ABI_MAJOR, 1);
VALUE(TH_OK, 0);
VALUE(TH_CANCELLED, 1);
VALUE(TH_UNKNOWN, 2);
VALUE(TH_INVALID_ARGUMENT, 3);
VALUE(TH_DEADLINE_EXCEEDED, 4);
VALUE(TH_NOT_FOUND, 5);
VALUE(TH_ALREADY_EXISTS, 6);
VALUE(TH_PERMISSION_DENIED, 7);
VALUE(TH_RESOURCE_EXHAUSTED, 8);
VALUE(TH_FAILED_PRECONDITION, 9);
VALUE(TH_ABORTED, 10);
VALUE(TH_OUT_OF_RANGE, 11);
VALUE(TH_UNIMPLEMENTED, 12);
VALUE(TH_INTERNAL, 13);
VALUE(TH_UNAVAILABLE, 14);
VALUE(TH_DATA_LOSS, 15);
VALUE(TH_UNAUTHENTICATED, 16);
VALUE(TH_T_NONE, 0);
VALUE(TH_T_BOOL, 1);
VALUE(TH_T_INT, 2);
VALUE(TH_T_UINT, 3);
VALUE(TH_T_STRING, 4);
VALUE(TH_T_BYTES, 5);
VALUE(TH_T_PATH, 6);
VALUE(TH_T_SIZE, 7);
VALUE(TH_T_DURATION, 8);
VALUE(TH_T_ENUM, 9);
VALUE(TH_T_LIST, 10);
VALUE(TH_T_AUTO, 11);
VALUE(TH_ALG_SHA1, 4);
VALUE(TH_ALG_SHA256, 11);
VALUE(TH_ALG_SHA384, 12);
VALUE(TH_ALG_SHA512, 13);
VALUE(TH_LOG_TRACE, 0);
VALUE(TH_LOG_DEBUG, 1);
VALUE(TH_LOG_INFO, 2);
VALUE(TH_LOG_WARN, 3);
VALUE(TH_LOG_ERROR, 4);
VALUE(TH_FETCH_CACHE_ONLY, 1);
VALUE(TH_FETCH_REVALIDATE, 2);
VALUE(TH_ROLE_BACKEND, 1);
VALUE(TH_ROLE_ATTESTER, 2);
VALUE(TH_PLUGIN_CONFIDENTIAL, 256);
VALUE(TH_PLUGIN_NEEDS_KVM, 512);
VALUE(TH_PLUGIN_SERIAL, 1024);
VALUE(TH_V_UNSET, 0);
VALUE(TH_V_PASS, 1);
VALUE(TH_V_FAIL, 2);
VALUE(TH_V_WARN, 3);
VALUE(TH_V_SKIP, 4);
VALUE(TH_V_ERROR, 5);
VALUE(TH_V_UNFIT, 6);
VALUE(TH_CHECK_REQUIRED, 1);
VALUE(TH_CHECK_IF_REPORT_DATA, 2);
VALUE(TH_CHECK_IF_EXPECTED, 4);
VALUE(TH_CHECK_IF_REFERENCE, 8);
VALUE(TH_CHECK_IF_POLICY, 16);
VALUE(TH_OPT_REQUIRED, 1);
VALUE(TH_OPT_SENSITIVE, 2);
VALUE(TH_OPT_PER_VM, 4);
VALUE(TH_OPT_RELOADABLE, 8);
VALUE(TH_OPT_DEPRECATED, 16);
VALUE(TH_OPT_HAS_DEFAULT, 32);
VALUE(TH_OPT_HAS_RANGE, 64);
VALUE(TH_OPT_AUTO, 128);
VALUE(TH_FW_CODE, 1);
VALUE(TH_FW_VARS, 2);
VALUE(TH_FW_BIOS, 3);
VALUE(TH_FW_IGVM, 4);
VALUE(TH_FILE_SENSITIVE, 1);
VALUE(TH_FILE_KEEP, 2);
VALUE(TH_FILE_READONLY, 4);
VALUE(TH_READY_SPAWNED, 0);
VALUE(TH_READY_UNIX_CONNECT, 1);
VALUE(TH_READY_PATH_EXISTS, 2);
VALUE(TH_READY_EXIT_0, 3);
VALUE(TH_SIDECAR_AHEAD, 1u << 0);
VALUE(TH_VERIFY_OFFLINE, 1);
VALUE(TH_VM_CONFIDENTIAL, 1);
VALUE(TH_EVIDENCE_SNP, 0);
VALUE(TH_EVIDENCE_VTPM, 1);
VALUE(TH_EVIDENCE_SNP_VTPM, 2);
VALUE(TH_EVIDENCE_TDX, 4);
VALUE(TH_CAPACITY_IN_USE_KNOWN, 1);

/* Strings cannot be asserted at compile time. */
static int differs(const char* name, const char* is, const char* was)
{
    if (strcmp(is, was) == 0)
        return 0;
    fprintf(stderr, "%s is \"%s\", was \"%s\"\n", name, is, was);
    return 1;
}
#define ID(name, was) differs(#name, name, was)

int main(void)
{
    return ID(TH_ENTRY_SYMBOL, "teehost_plugin_entry") + ID(TH_HOST_LOG_V1, "teehost.host.log/1") +
           ID(TH_HOST_CLOCK_V1, "teehost.host.clock/1") + ID(TH_HOST_FETCH_V1, "teehost.host.fetch/1") +
           ID(TH_HOST_MACHINE_V1, "teehost.host.machine/1") + ID(TH_OPTIONS_V1, "teehost.options/1") +
           ID(TH_PROBE_V1, "teehost.probe/1") + ID(TH_COMPOSE_V1, "teehost.compose/1") +
           ID(TH_MEASURE_V1, "teehost.measure/1") + ID(TH_VERIFY_V1, "teehost.verify/1") +
           ID(TH_ATTEST_V1, "teehost.attest/1") + ID(TH_DIAGNOSE_V1, "teehost.diagnose/1") +
           ID(TH_CAPACITY_V1, "teehost.capacity/1");
}
