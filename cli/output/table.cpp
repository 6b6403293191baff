// SPDX-License-Identifier: Apache-2.0
#include "cli/output/table.h"

#include <algorithm>
#include <stdexcept>

#include "cli/output/escape.h"

namespace teehost::cli {
namespace {

constexpr std::size_t kGap = 2;

std::string padding(std::size_t width, std::string_view text)
{
    const std::size_t used = displayWidth(text);
    return std::string(width > used ? width - used : 0, ' ');
}

} // namespace

void Table::add(const std::vector<std::string>& cells)
{
    if (cells.size() != columns_.size())
        throw std::logic_error("a table row has " + std::to_string(cells.size()) + " cells for " +
                               std::to_string(columns_.size()) + " columns");
    std::vector<std::string> row;
    for (const auto& cell : cells)
        row.push_back(cell.empty() ? "-" : escapeLine(cell));
    rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::widths() const
{
    std::vector<std::size_t> widths;
    for (const auto& column : columns_)
        widths.push_back(displayWidth(column.title));
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], displayWidth(row[i]));
    return widths;
}

void Table::appendRow(std::string& out, const std::vector<std::string>& cells,
                      const std::vector<std::size_t>& widths) const
{
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string pad = padding(widths[i], cells[i]);
        const bool last = i + 1 == cells.size();
        if (columns_[i].align == Align::Right)
            out += pad + cells[i];
        else
            out += cells[i] + (last ? "" : pad);
        out += last ? "\n" : std::string(kGap, ' ');
    }
}

std::string Table::render() const
{
    const auto columnWidths = widths();
    std::vector<std::string> titles;
    for (const auto& column : columns_)
        titles.push_back(column.title);
    std::string out;
    appendRow(out, titles, columnWidths);
    for (const auto& row : rows_)
        appendRow(out, row, columnWidths);
    return out;
}

void FieldList::add(const std::string& name, const std::string& value)
{
    if (!value.empty())
        fields_.push_back({name, escapeText(value)});
}

std::string FieldList::render() const
{
    std::size_t width = 0;
    for (const auto& field : fields_)
        width = std::max(width, displayWidth(field.name));
    const std::string hanging = indent_ + std::string(width + kGap, ' ');
    std::string out;
    for (const auto& field : fields_)
        out += indent_ + field.name + padding(width, field.name) + std::string(kGap, ' ') +
               indentLines(field.value, hanging) + "\n";
    return out;
}

} // namespace teehost::cli
