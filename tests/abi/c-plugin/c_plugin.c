/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin in C11 and nothing else: shows that the C++ layer is comfort only. It boots a VM from a kernel and keeps a
 * note.
 */
#include <stdlib.h>
#include <string.h>

#include <teehost/plugin.h>

#define STR(literal)                                                                                                   \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }

struct th_instance {
    char* note;
    size_t note_length;
};

static th_str str(const char* text)
{
    th_str out = {text, strlen(text)};
    return out;
}

static th_status fail(const th_call* call, th_status status, const char* message)
{
    th_error error = {0};
    error.struct_size = sizeof error;
    error.status = status;
    error.message = str(message);
    return call->fail(call, &error);
}

static th_status create(const th_call* call, const th_host* host, th_instance** out)
{
    (void)host;
    th_value value;
    if (call->option(call, str("note"), 0, &value) != TH_OK || value.type != TH_T_STRING)
        return fail(call, TH_FAILED_PRECONDITION, "option note cannot be read");
    th_instance* self = calloc(1, sizeof *self);
    if (self == NULL)
        return fail(call, TH_RESOURCE_EXHAUSTED, "out of memory");
    self->note_length = value.s.len;
    self->note = malloc(value.s.len + 1);
    if (self->note == NULL) {
        free(self);
        return fail(call, TH_RESOURCE_EXHAUSTED, "out of memory");
    }
    if (value.s.len != 0)
        memcpy(self->note, value.s.ptr, value.s.len);
    *out = self;
    return TH_OK;
}

static void destroy(th_instance* self)
{
    free(self->note);
    free(self);
}

static th_status describe(const th_option_sink* sink)
{
    th_option_spec note = {0};
    note.struct_size = sizeof note;
    note.flags = TH_OPT_HAS_DEFAULT;
    note.type = TH_T_STRING;
    note.key = str("note");
    note.help = str("Kept with each VM.");
    note.default_text = str("made in C");
    return sink->add(sink, &note);
}

static th_status compose(th_instance* self, const th_call* call, const th_vm_spec* vm, const th_fragment_sink* sink)
{
    static const th_kv machine[] = {{STR("vmport"), STR("off")}};
    if (vm->kernel.len == 0)
        return fail(call, TH_INVALID_ARGUMENT, "the VM has no kernel to boot");
    th_status status = sink->machine(sink, machine, sizeof machine / sizeof machine[0]);
    if (status == TH_OK)
        status = sink->direct_boot(sink, vm->kernel, vm->initrd, vm->cmdline);
    th_str note = {self->note, self->note_length};
    return status == TH_OK ? sink->note(sink, str("note"), note) : status;
}

static const th_options_v1 options_table = {sizeof(th_options_v1), 0, describe};
static const th_compose_v1 compose_table = {sizeof(th_compose_v1), 0, compose};

static const void* get_interface(const char* id)
{
    if (strcmp(id, TH_OPTIONS_V1) == 0)
        return &options_table;
    if (strcmp(id, TH_COMPOSE_V1) == 0)
        return &compose_table;
    return NULL;
}

static const th_plugin plugin = {.struct_size = sizeof(th_plugin),
                                 .flags = TH_ROLE_BACKEND,
                                 .id = STR("c-plugin"),
                                 .version = STR("1.0.0"),
                                 .vendor = STR("teehost"),
                                 .license = STR("Apache-2.0"),
                                 .summary = STR("A backend in C, for tests"),
                                 .create = create,
                                 .destroy = destroy,
                                 .get_interface = get_interface};

th_status teehost_plugin_entry(const th_offer* offer, th_answer* answer)
{
    if (offer->major_min > TH_ABI_MAJOR || offer->major_max < TH_ABI_MAJOR)
        return TH_UNIMPLEMENTED;
    answer->major = TH_ABI_MAJOR;
    answer->minor = TH_ABI_MINOR;
    answer->plugin = &plugin;
    return TH_OK;
}
