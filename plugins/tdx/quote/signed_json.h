// SPDX-License-Identifier: Apache-2.0
//
// Documents as Intel's provisioning certification service serves them: {"tcbInfo": {...}, "signature":
// "..."}. The signature is over the bytes of the inner object as they came, so these are found by scanning,
// and nothing is read of them before the signature is known to be right.
#pragma once

#include <string>
#include <string_view>

#include <teehost/kit/bytes.h>

namespace teehost::tdx {

class SignedJson {
public:
    enum class Kind { TcbInfo, QeIdentity };

    /// A copy of the text. InputError COLLATERAL when it is none of these documents, or has a part twice.
    [[nodiscard]] static SignedJson read(std::string_view text);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// From its { to its }.
    [[nodiscard]] std::string_view signedPart() const noexcept
    {
        return std::string_view(text_).substr(at_, length_);
    }
    /// r and s; empty when what is there is no signature.
    [[nodiscard]] const kit::Bytes& signature() const noexcept { return signature_; }

private:
    std::string text_;
    Kind kind_ = Kind::TcbInfo;
    std::size_t at_ = 0, length_ = 0;
    kit::Bytes signature_;
};

} // namespace teehost::tdx
