// Answers that refuse not a row but whoever asks: with wrong credentials every row would fail alike.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "earthcatalog/fetch/fetcher.h"

namespace earthcatalog::fetch {

// One thread.
class Refusals {
 public:
  // A signed request was refused with this code of S3 (or none); the row is asked for without a signature.
  void SignedRefused(const std::string& bucket, std::string_view s3_code);

  // The bucket gave an object, or said that there is none: it knows us.
  void Worked(const std::string& bucket);

  // Earlier runs got rows: a thousand refusals are the rows' own.
  void Expect() { anything_worked_ = true; }

  // A row failed, and not in passing. `asked_without`: after a refusal of its signed request. Gives what is
  // wrong when it is with all rows: the credentials, from the first request on or, as they expire or are
  // revoked, any time later; or, when nothing has worked anywhere and many rows were refused, whatever it is.
  std::optional<std::string> Failed(const std::string& bucket, std::string_view s3_code,
                                    const Failure& failure, bool asked_without);

 private:
  struct Refused {
    std::string code;   // of the signed request
    uint64_t rows = 0;  // also without a signature
  };

  std::map<std::string, Refused> refused_;  // by bucket
  std::set<std::string> works_;
  std::string last_worked_;
  bool anything_worked_ = false;
  uint64_t in_vain_ = 0;           // rows refused
  uint64_t wrong_signatures_ = 0;  // since something worked
};

}  // namespace earthcatalog::fetch
