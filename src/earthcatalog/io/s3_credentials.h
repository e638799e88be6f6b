// Whether looking for AWS credentials can find any. The usual chain of providers ends at the metadata service
// of an EC2 instance, and on a machine where nobody answers at that address it waits for 20 seconds.
#pragma once

namespace earthcatalog::io {

// True when a variable, a profile file, a web identity or a container says so, or when the instance's
// metadata service answers within 300 ms (AWS_EC2_METADATA_DISABLED=true: nobody is asked). What there is may
// still be of no use.
bool CredentialsMayExist();

}  // namespace earthcatalog::io
