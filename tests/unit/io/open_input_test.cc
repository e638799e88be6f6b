#include <arrow/buffer.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>

#include "earthcatalog/io/location.h"
#include "unit/support/temp_folder.h"
#include "unit/support/web_server.h"

namespace earthcatalog::io {
namespace {

using test::TempFolder;
using test::WebServer;
using testing::HasSubstr;
using testing::Not;

std::string AllOf(const std::string& path_or_uri) {
  const auto file = OpenInput(path_or_uri);
  if (!file.ok()) return "error: " + file.status().message();
  return (*file)->Read((*file)->GetSize().ValueOrDie()).ValueOrDie()->ToString();
}

TEST(OpenInput, ReadsLocalFilesByPathAndUri) {
  const TempFolder folder;
  const std::string path = folder.Write("a b.csv", "content");
  EXPECT_EQ(AllOf(path), "content");
  EXPECT_EQ(AllOf("file://" + path), "content");
}

TEST(OpenInput, AMissingFileIsNotFound) {
  const TempFolder folder;
  for (const std::string& path : {folder / "none.csv", folder / "no/folder/none.csv"}) {
    const auto file = OpenInput(path);
    EXPECT_EQ(KindOf(file.status()), ErrorKind::kNotFound);
    EXPECT_EQ(file.status().message(), "there is no file " + path);
  }
}

TEST(OpenInput, ADirectoryIsNoFile) {
  const TempFolder folder;
  const auto file = OpenInput(folder.path());
  EXPECT_EQ(KindOf(file.status()), ErrorKind::kUsage);
  EXPECT_EQ(file.status().message(), folder.path() + " is a directory, not a file");
}

TEST(OpenInput, ARefusedAccessIsOneClearLine) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TempFolder folder;
  const std::string path = folder.Write("closed", "x");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  EXPECT_EQ(OpenInput(path).status().message(), "cannot read " + path + ": Permission denied");
}

TEST(OpenInput, CopiesWebAddressesAndFollowsRedirects) {
  const std::string body(3'000'000, 'z');
  const WebServer server({{"/data", WebServer::Answer("200 OK", body)},
                          {"/moved", WebServer::Answer("302 Found", "not this", "Location: /data\r\n")},
                          {"/empty", WebServer::Answer("200 OK", "")}});
  EXPECT_EQ(AllOf(server.Url("/data")), body);
  EXPECT_EQ(AllOf(server.Url("/moved")), body);
  EXPECT_EQ(AllOf(server.Url("/empty")), "");
}

TEST(OpenInput, LeavesNoNamedTemporaryFile) {
  const TempFolder folder;
  const char* const before = getenv("TMPDIR");
  const std::string restore = before == nullptr ? "" : before;
  setenv("TMPDIR", folder.path().c_str(), 1);
  const WebServer server(std::map<std::string, std::string>{{"/data", WebServer::Answer("200 OK", "x")}});
  const auto file = OpenInput(server.Url("/data"));
  setenv("TMPDIR", "/no/such/folder", 1);
  const std::string no_folder = AllOf(server.Url("/data"));
  restore.empty() ? unsetenv("TMPDIR") : setenv("TMPDIR", restore.c_str(), 1);
  EXPECT_TRUE(file.ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_THAT(no_folder, HasSubstr("TMPDIR"));
}

TEST(OpenInput, HttpErrorsNameTheAddressWithoutItsSecrets) {
  const WebServer server({{"/closed", WebServer::Answer("403 Forbidden", "no")},
                          {"/broken", WebServer::Answer("500 Internal Server Error", "oops")}});
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  const auto missing = OpenInput(server.Url("/none?signature=geheim"));
  EXPECT_EQ(KindOf(missing.status()), ErrorKind::kNotFound);
  EXPECT_EQ(missing.status().message(), "there is no file at http://" + address + "/none (HTTP status 404)");
  const std::string closed = AllOf("http://user:geheim@" + address + "/closed?a=geheim#b");
  EXPECT_EQ(closed, "error: the server refuses access to http://" + address + "/closed (HTTP status 403)");
  EXPECT_THAT(AllOf(server.Url("/broken")), HasSubstr("HTTP status 500"));
}

TEST(OpenInput, ABodyCutOffIsAnError) {
  const std::string cut = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\n\r\nonly this";
  const WebServer server(std::map<std::string, std::string>{{"/cut", cut}});
  EXPECT_THAT(AllOf(server.Url("/cut")), HasSubstr("cannot read http://127.0.0.1"));
}

TEST(OpenInput, RedirectsLeadNowhereElse) {
  const WebServer server(
      {{"/loop", WebServer::Answer("302 Found", "", "Location: /loop\r\n")},
       {"/local", WebServer::Answer("302 Found", "", "Location: file:///etc/hostname\r\n")}});
  EXPECT_THAT(AllOf(server.Url("/loop")), HasSubstr("redirects"));
  EXPECT_THAT(AllOf(server.Url("/local")), HasSubstr("error: cannot read"));
}

TEST(OpenInput, AnUnreachableServerIsOneClearLine) {
  const std::string message = AllOf("http://127.0.0.1:1/x?token=geheim");
  EXPECT_THAT(message, HasSubstr("cannot read http://127.0.0.1:1/x: "));
  EXPECT_THAT(message, Not(HasSubstr("geheim")));
  EXPECT_THAT(message, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace earthcatalog::io
