// SPDX-License-Identifier: Apache-2.0
//
// Reports of the VM's TEE through Linux' configfs (Documentation/ABI/testing/configfs-tsm-report).
//
//     const TsmReport report;
//     report.set("inblob", data);
//     send(report.get("outblob"));
#pragma once

#include <mutex>
#include <string>

namespace teehost::guest {

/// An entry for one report, gone with this object. There is one at a time: others wait.
class TsmReport {
public:
    /// NoEvidence when the kernel has no TEE.
    TsmReport();
    TsmReport(const TsmReport&) = delete;
    TsmReport& operator=(const TsmReport&) = delete;
    ~TsmReport();

    /// NoEvidence unless the TEE's driver is the one that is meant: "sev_guest", "tdx_guest".
    void requireProvider(const std::string& provider) const;
    [[nodiscard]] bool has(const char* attribute) const;
    /// NoEvidence with the driver's reason when it does not take that.
    void set(const char* attribute, const std::string& bytes) const;
    /// The report is made when its first part is read. NoEvidence with the driver's reason when there is
    /// none.
    [[nodiscard]] std::string get(const char* attribute) const;
    /// Empty when the TEE has no such part.
    [[nodiscard]] std::string getIfAny(const char* attribute) const;

private:
    [[nodiscard]] std::string file(const char* attribute) const;

    std::unique_lock<std::mutex> lock_;
};

} // namespace teehost::guest
