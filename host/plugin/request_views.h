// SPDX-License-Identifier: Apache-2.0
//
// Requests as the C structs a plugin reads. Views: valid while what they were made from is.
#pragma once

#include <string>
#include <vector>

#include "host/plugin/diagnosis.h"
#include "host/plugin/evidence.h"
#include "host/plugin/vm_facts.h"
#include "teehost/plugin.h"

namespace teehost::plugin {

[[nodiscard]] th_vm_spec vmView(const VmFacts& vm) noexcept;
[[nodiscard]] th_blob blobView(const Blob& blob) noexcept;

/// The ABI takes arrays of pointers, so that th_blob may grow.
class BlobViews {
public:
    explicit BlobViews(const std::vector<Blob>& blobs);
    BlobViews(const BlobViews&) = delete;
    BlobViews& operator=(const BlobViews&) = delete;
    [[nodiscard]] const th_blob* const* data() const noexcept { return pointers_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return pointers_.size(); }

private:
    std::vector<th_blob> blobs_;
    std::vector<const th_blob*> pointers_;
};

class VerifyRequestView {
public:
    explicit VerifyRequestView(const VerifyRequest& request);
    VerifyRequestView(const VerifyRequestView&) = delete;
    VerifyRequestView& operator=(const VerifyRequestView&) = delete;
    [[nodiscard]] const th_verify_request* get() const noexcept { return &request_; }

private:
    BlobViews evidence_, collateral_, anchors_;
    std::vector<th_register> registers_;
    std::vector<const th_register*> registerPointers_;
    std::vector<th_named> reference_;
    th_verify_request request_;
};

class FailureView {
public:
    explicit FailureView(const Failure& failure);
    FailureView(const FailureView&) = delete;
    FailureView& operator=(const FailureView&) = delete;
    [[nodiscard]] const th_failure* get() const noexcept { return &failure_; }

private:
    std::string stage_, stderrTail_, qmpError_; ///< UTF-8, the last 64 KiB of each
    th_failure failure_;
};

} // namespace teehost::plugin
