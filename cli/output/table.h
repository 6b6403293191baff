// SPDX-License-Identifier: Apache-2.0
//
// Aligned columns for people. Cells are escaped, so that they may come from anywhere.
//
//     Table table({{"ID"}, {"MEMORY", Align::Right}});
//     table.add({vm.id(), formatSize(vm.memory_bytes())});
//     std::cout << table.render();
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace teehost::cli {

enum class Align { Left, Right };

class Table {
public:
    struct Column {
        std::string title;
        Align align = Align::Left;
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// One cell a column; an empty one is shown as "-".
    void add(const std::vector<std::string>& cells);
    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
    /// Title line and rows, each ended by a line break and without trailing blanks.
    [[nodiscard]] std::string render() const;

private:
    [[nodiscard]] std::vector<std::size_t> widths() const;
    void appendRow(std::string& out, const std::vector<std::string>& cells,
                   const std::vector<std::size_t>& widths) const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_; // escaped
};

/// "name  value" lines with the values aligned; lines that follow in a value are indented under it.
class FieldList {
public:
    explicit FieldList(std::string indent = {}) : indent_(std::move(indent)) {}

    /// Leaves the field out when `value` is empty.
    void add(const std::string& name, const std::string& value);
    [[nodiscard]] std::string render() const;

private:
    struct Field {
        std::string name, value; // value escaped
    };
    std::string indent_;
    std::vector<Field> fields_;
};

} // namespace teehost::cli
