#include "earthcatalog/fetch/http_fetcher.h"

#include <algorithm>
#include <cmath>

#include "earthcatalog/fetch/open_batches.h"
#include "earthcatalog/fetch/open_files.h"
#include "earthcatalog/fetch/outcome.h"
#include "earthcatalog/fetch/refusals.h"
#include "earthcatalog/fetch/schedule.h"
#include "earthcatalog/fetch/socket_loop.h"
#include "earthcatalog/fetch/transfer.h"

namespace earthcatalog::fetch {
namespace {

// So many rows given up one after another, of hosts that are down while others are well, are too many.
constexpr uint64_t kGivenUpRows = 1000;

// A connection, and what resolving a name or trying a second address takes meanwhile.
constexpr int kFilesPerRequest = 2;
// What the rest of the process opens: the event loop, the inventory, the catalog, files being written.
constexpr int kOtherFiles = 40;

struct Counters {
  std::atomic<uint64_t> bytes{0};
  std::atomic<uint64_t> retries{0};
};

// What one Run() holds. Everything happens in its thread but the queues' wake-ups.
class HttpRun {
 public:
  HttpRun(const Options& options, ObjectUrls* urls, Signer* signer, Counters* counters, SocketLoop* loop,
          BoundedQueue<inventory::Batch>* in, BoundedQueue<Batch>* out)
      : options_(options),
        urls_(*urls),
        signer_(*signer),
        counters_(*counters),
        loop_(*loop),
        in_(*in),
        out_(*out),
        batches_(options.max_buffered_bytes, options.part_bytes, [this] { loop_.Wake(); }),
        schedule_(options.retry, options.max_in_flight, urls->hosts_differ(), &batches_) {
    // The queues also call when the run is stopped.
    in_.Watch([this] {
      in_changed_ = true;
      loop_.Wake();
    });
    out_.Watch([this] {
      out_changed_ = true;
      loop_.Wake();
    });
  }
  ~HttpRun() {
    in_.Watch({});
    out_.Watch({});
  }
  HttpRun(const HttpRun&) = delete;
  HttpRun& operator=(const HttpRun&) = delete;

  Status Run(const CancelSource& cancel);
  void ExpectRefusals() { refusals_.Expect(); }

 private:
  Status MakeTransfers();
  Status StartRequests(const CancelSource& cancel);
  std::optional<Job> NextJob();
  bool TakeBatch();
  Status StartRequest(const Job& job);
  void EndRequests();
  void EndRequest(Transfer* transfer, CURLcode result, Transfer::Late late);
  bool AskedDifferently(const Transfer& transfer, Job job);
  void RetryOrGiveUp(const Transfer& transfer, Job job, Outcome outcome);
  void NoticeOutage(const Job& job, const Failure& failure);
  void NoticeRefusal(const Transfer& transfer, const Job& job, const Failure& failure);
  void EndLate();
  void HandOn();
  bool Done() const { return in_drained_ && batches_.empty(); }
  Clock::time_point NextDeadline() const;
  void Fail(const Job& job, Failure failure);

  const Options& options_;
  ObjectUrls& urls_;
  Signer& signer_;
  Counters& counters_;
  SocketLoop& loop_;
  BoundedQueue<inventory::Batch>& in_;
  BoundedQueue<Batch>& out_;
  std::atomic<bool> in_changed_{true};
  std::atomic<bool> out_changed_{true};
  bool in_drained_ = false;
  OpenBatches batches_;
  Schedule schedule_;
  Refusals refusals_;
  uint64_t given_up_rows_ = 0;  // since something went well
  Status outage_;
  std::vector<std::unique_ptr<Transfer>> transfers_;  // destroyed first: they use the members above
  std::vector<Transfer*> idle_;
  Clock::time_point next_late_check_;
  std::string url_;
};

Status HttpRun::Run(const CancelSource& cancel) {
  ARROW_RETURN_NOT_OK(MakeTransfers());
  while (!cancel.stopped()) {
    ARROW_RETURN_NOT_OK(StartRequests(cancel));
    HandOn();
    if (Done()) {
      out_.Close();
      return Status::OK();
    }
    ARROW_RETURN_NOT_OK(loop_.Turn(NextDeadline()));
    EndRequests();
    EndLate();
    ARROW_RETURN_NOT_OK(outage_);
  }
  return cancel.status();
}

Status HttpRun::MakeTransfers() {
  for (int i = 0; i < std::max(options_.max_in_flight, 1); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto transfer, Transfer::Make(options_, urls_.scheme(), &loop_, &batches_));
    idle_.push_back(transfer.get());
    transfers_.push_back(std::move(transfer));
  }
  return Status::OK();
}

Status HttpRun::StartRequests(const CancelSource& cancel) {
  while (!idle_.empty() && !cancel.stopped()) {
    const std::optional<Job> job = NextJob();
    if (!job) break;
    ARROW_RETURN_NOT_OK(StartRequest(*job));
  }
  return Status::OK();
}

std::optional<Job> HttpRun::NextJob() {
  for (;;) {
    if (auto job = schedule_.Next(Clock::now())) return job;
    if (schedule_.full() || !batches_.WantsBatch() || !TakeBatch()) return std::nullopt;
  }
}

bool HttpRun::TakeBatch() {
  if (!in_changed_.exchange(false)) return false;
  if (auto batch = in_.TryPop()) {
    in_changed_ = true;
    batches_.Add(std::move(*batch));
    return true;
  }
  in_drained_ = in_.drained();
  return false;
}

Status HttpRun::StartRequest(const Job& job) {
  const inventory::Row& row = job.ticket.item().row;
  if (auto failure = urls_.Make(row, &url_)) {
    schedule_.Drop(job);
    Fail(job, std::move(*failure));
    return Status::OK();
  }
  Transfer* transfer = idle_.back();
  auto signature = job.refused ? nullptr : signer_.For(row.bucket, urls_.RegionOf(row.bucket));
  ARROW_RETURN_NOT_OK(transfer->Start(job, url_, std::move(signature)));
  idle_.pop_back();
  return Status::OK();
}

void HttpRun::EndRequests() {
  while (const auto ended = loop_.NextEnded())
    EndRequest(Transfer::Of(ended->easy), ended->result, Transfer::Late::kNo);
}

void HttpRun::EndRequest(Transfer* transfer, CURLcode result, Transfer::Late late) {
  Outcome outcome = transfer->End(result, late);
  const Job job = transfer->job();
  idle_.push_back(transfer);
  signer_.Learn(job.ticket.item().row.bucket, transfer->signature() != nullptr, transfer->status());
  if (outcome.transient) return RetryOrGiveUp(*transfer, job, std::move(outcome));
  if (outcome.failure && AskedDifferently(*transfer, job)) return;
  schedule_.Done(job);
  given_up_rows_ = 0;
  if (outcome.failure) {
    if (job.refused) outcome.failure->message += ", with credentials and without";
    NoticeRefusal(*transfer, job, *outcome.failure);
    return Fail(job, std::move(*outcome.failure));
  }
  refusals_.Worked(job.ticket.item().row.bucket);
  counters_.bytes.fetch_add(job.ticket.item().body.size(), std::memory_order_relaxed);
  batches_.Finish(job.ticket);
}

// Whether the refused request goes out again at once: to the bucket's own region, with newer credentials, or
// without any.
bool HttpRun::AskedDifferently(const Transfer& transfer, Job job) {
  const std::string& bucket = job.ticket.item().row.bucket;
  const long status = transfer.status();
  const Signature* signature = transfer.signature();
  if ((status / 100 == 3 || status == 400) && !job.region_corrected &&
      urls_.LearnRegion(bucket, transfer.bucket_region())) {
    job.region_corrected = true;
  } else if (signature != nullptr && !job.credentials_renewed && IsExpired(transfer.s3_code()) &&
             signer_.Renew(signature)) {
    job.credentials_renewed = true;
  } else if (signature != nullptr && status == 403 && signer_.MayTryUnsigned(bucket)) {
    job.refused = true;
    refusals_.SignedRefused(bucket, transfer.s3_code());
  } else {
    return false;
  }
  schedule_.AskAgain(job);
  return true;
}

void HttpRun::RetryOrGiveUp(const Transfer& transfer, Job job, Outcome outcome) {
  ++job.failures;
  if (schedule_.Retry(job, outcome, transfer.retry_after(), transfer.started(), Clock::now())) {
    counters_.retries.fetch_add(1, std::memory_order_relaxed);
    return NoticeOutage(job, *outcome.failure);
  }
  ++given_up_rows_;
  NoticeOutage(job, *outcome.failure);
  if (job.failures > 1) outcome.failure->message += fmt::format(" ({} attempts)", job.failures);
  Fail(job, std::move(*outcome.failure));
}

// The network or the server is down when a host is and nothing has gone well with any other meanwhile.
void HttpRun::NoticeOutage(const Job& job, const Failure& failure) {
  const HostPace& pace = job.host->pace;
  if (!pace.down()) return;
  if (schedule_.last_good() >= pace.trouble_since() && given_up_rows_ < kGivenUpRows) return;
  const auto seconds = std::chrono::duration<double>(Clock::now() - pace.trouble_since()).count();
  outage_ = FailedError(
      "no request has gone well for {:.0f} seconds: the network or the server is down. The table is as of "
      "the last commit; run the same again when it is up. The last error: {}: {}",
      std::ceil(seconds), failure.kind, failure.message);
}

void HttpRun::NoticeRefusal(const Transfer& transfer, const Job& job, const Failure& failure) {
  const std::string& bucket = job.ticket.item().row.bucket;
  const std::string_view code = transfer.s3_code();
  if (failure.kind == "not_found" && (code.empty() || code == "NoSuchKey")) return refusals_.Worked(bucket);
  const auto problem = refusals_.Failed(bucket, code, failure, job.refused);
  if (!problem) return;
  outage_ = FailedError(
      "{}. The table is as of the last commit; run the same again when it is mended, with --retry-failed "
      "where rows are in the quarantine for it",
      *problem);
}

void HttpRun::EndLate() {
  const Clock::time_point now = Clock::now();
  if (now < next_late_check_) return;
  const auto shortest = std::min(options_.retry.stall_timeout, options_.retry.total_timeout);
  next_late_check_ = now + std::max<Clock::duration>(shortest / 8, std::chrono::milliseconds(1));
  for (const auto& transfer : transfers_) {
    if (!transfer->active()) continue;
    const Transfer::Late late = transfer->IsLate(now);
    if (late != Transfer::Late::kNo) EndRequest(transfer.get(), CURLE_OPERATION_TIMEDOUT, late);
  }
}

void HttpRun::HandOn() {
  while (batches_.HasComplete() && out_changed_.exchange(false)) {
    if (!out_.TryPush(batches_.FrontComplete())) return;
    out_changed_ = true;
    batches_.PopComplete();
  }
}

Clock::time_point HttpRun::NextDeadline() const {
  Clock::time_point next = Clock::now() + std::chrono::minutes(1);
  if (idle_.size() < transfers_.size()) next = std::min(next, next_late_check_);
  if (!idle_.empty()) next = std::min(next, schedule_.next_due());
  return next;
}

void HttpRun::Fail(const Job& job, Failure failure) {
  job.ticket.item().failure = std::move(failure);
  batches_.Finish(job.ticket);
}

class HttpFetcher : public Fetcher {
 public:
  HttpFetcher(const Options& options, ObjectUrls urls, Signer signer)
      : options_(options), urls_(std::move(urls)), signer_(std::move(signer)) {}

  Status Run(BoundedQueue<inventory::Batch>* in, BoundedQueue<Batch>* out, CancelSource* cancel) override {
    ARROW_ASSIGN_OR_RAISE(const auto loop, SocketLoop::Make(options_.max_in_flight));
    HttpRun run(options_, &urls_, &signer_, &counters_, loop.get(), in, out);
    if (expect_refusals_) run.ExpectRefusals();
    return run.Run(*cancel);
  }
  void ExpectRefusals() override { expect_refusals_ = true; }

  int max_in_flight() const override { return options_.max_in_flight; }
  uint64_t bytes_fetched() const override { return counters_.bytes.load(std::memory_order_relaxed); }
  uint64_t retries() const override { return counters_.retries.load(std::memory_order_relaxed); }

 private:
  const Options options_;
  ObjectUrls urls_;
  Signer signer_;
  Counters counters_;
  bool expect_refusals_ = false;
};

}  // namespace

Result<std::unique_ptr<Fetcher>> MakeHttpFetcher(const Options& options, ObjectUrls urls, Signer signer) {
  // Once per process, thread-safe, never undone: other libraries in the process use libcurl too.
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) return FailedError("libcurl cannot be initialised");
  Options possible = options;
  const int room = AllowOpenFiles(options.max_in_flight * kFilesPerRequest + kOtherFiles) - kOtherFiles;
  possible.max_in_flight = std::min(options.max_in_flight, room / kFilesPerRequest);
  if (possible.max_in_flight < 1) {
    return UsageError(
        "the system lets this process open too few files to fetch anything: raise the limit "
        "(ulimit -n) by {}",
        kFilesPerRequest - room);
  }
  return std::make_unique<HttpFetcher>(possible, std::move(urls), std::move(signer));
}

}  // namespace earthcatalog::fetch
