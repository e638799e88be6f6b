// What an answer of S3 that is no success means.
#pragma once

#include <string_view>

namespace earthcatalog::io {

// The error code in an answer's XML, "NoSuchKey" for example, which is a part of `body`. "" where there is
// none, where the text is cut off in it, and when it is no plain word of up to 60 letters and dots: whatever
// else an answer holds (some repeat what was signed) cannot get into a message through it.
std::string_view S3ErrorCode(std::string_view body);

// Of such codes.

// The credentials were good once.
bool IsExpired(std::string_view code);

// It is whoever asks that is refused, not the one request: credentials that are expired, unknown, wrong or
// meant for another region.
bool IsAboutCredentials(std::string_view code);

bool IsMissingBucket(std::string_view code);

// Of an answer with status 404, with or without a code: the object is missing, not its bucket or whoever
// asks.
bool IsMissingObject(std::string_view code);

// Whether the same request may do better later: 408, 429 and from 500 on.
bool MayPass(long status);

}  // namespace earthcatalog::io
