// SPDX-License-Identifier: Apache-2.0
#include "elf_dynamic.h"

#include <cstring>
#include <fstream>
#include <iterator>

#include <elf.h>

#include "host/base/error.h"

namespace teehost::check {

namespace {

class Image {
public:
    explicit Image(const std::string& path) : path_(path)
    {
        std::ifstream in(path, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(in), {});
        if (!in && bytes_.empty())
            throw Error(Category::NotFound, "cannot read \"" + path + "\"");
    }

    template <class T>
    [[nodiscard]] T at(std::uint64_t offset) const
    {
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T))
            throw malformed();
        T out;
        std::memcpy(&out, bytes_.data() + offset, sizeof out);
        return out;
    }
    [[nodiscard]] std::string text(std::uint64_t offset) const
    {
        const std::size_t end = offset < bytes_.size() ? bytes_.find('\0', offset) : std::string::npos;
        if (end == std::string::npos)
            throw malformed();
        return bytes_.substr(offset, end - offset);
    }
    [[nodiscard]] Error malformed() const
    {
        return Error(Category::InvalidArgument, "\"" + path_ + "\" is not a well-formed ELF shared object");
    }

private:
    std::string path_;
    std::string bytes_;
};

std::vector<Elf64_Shdr> sections(const Image& image)
{
    const auto header = image.at<Elf64_Ehdr>(0);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_DYN ||
        header.e_shentsize != sizeof(Elf64_Shdr))
        throw image.malformed();
    std::vector<Elf64_Shdr> out;
    for (unsigned i = 0; i < header.e_shnum; ++i)
        out.push_back(image.at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr)));
    return out;
}

void readDynamic(const Image& image, const Elf64_Shdr& section, std::uint64_t strings, ElfDynamic& out)
{
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= section.sh_size; at += sizeof(Elf64_Dyn)) {
        const auto entry = image.at<Elf64_Dyn>(section.sh_offset + at);
        switch (entry.d_tag) {
        case DT_NULL:
            return;
        case DT_NEEDED:
            out.needed.push_back(image.text(strings + entry.d_un.d_val));
            break;
        case DT_RPATH:
        case DT_RUNPATH:
            out.runPath = image.text(strings + entry.d_un.d_val);
            break;
        case DT_TEXTREL:
            out.textRelocations = true;
            break;
        case DT_BIND_NOW:
            out.bindNow = true;
            break;
        case DT_FLAGS:
            out.bindNow = out.bindNow || (entry.d_un.d_val & DF_BIND_NOW) != 0;
            out.textRelocations = out.textRelocations || (entry.d_un.d_val & DF_TEXTREL) != 0;
            break;
        case DT_FLAGS_1:
            out.bindNow = out.bindNow || (entry.d_un.d_val & DF_1_NOW) != 0;
            break;
        default:
            break;
        }
    }
}

void readSymbols(const Image& image, const Elf64_Shdr& section, std::uint64_t strings, ElfDynamic& out)
{
    for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
        const auto symbol = image.at<Elf64_Sym>(section.sh_offset + at);
        const unsigned binding = ELF64_ST_BIND(symbol.st_info);
        const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
        const bool visible = visibility == STV_DEFAULT || visibility == STV_PROTECTED;
        if (symbol.st_shndx != SHN_UNDEF && binding != STB_LOCAL && visible)
            out.exported.push_back(image.text(strings + symbol.st_name));
    }
}

} // namespace

ElfDynamic readElfDynamic(const std::string& path)
{
    const Image image(path);
    const auto all = sections(image);
    ElfDynamic out;
    for (const Elf64_Shdr& section : all) {
        if (section.sh_type != SHT_DYNAMIC && section.sh_type != SHT_DYNSYM)
            continue;
        if (section.sh_link >= all.size())
            throw image.malformed();
        const std::uint64_t strings = all[section.sh_link].sh_offset;
        if (section.sh_type == SHT_DYNAMIC)
            readDynamic(image, section, strings, out);
        else
            readSymbols(image, section, strings, out);
    }
    return out;
}

} // namespace teehost::check
