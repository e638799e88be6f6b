// Reading, writing and syncing whole local files.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "earthcatalog/io/location.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::io {
namespace {

using test::BytesOf;
using test::TempFolder;
using testing::HasSubstr;

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  return names;
}

TEST(Files, WritesAndReadsAnyBytes) {
  const TempFolder folder;
  for (const std::string& bytes : {std::string(), std::string("a\0b\n", 4), std::string(3'000'000, 'x')}) {
    const Location file = Resolve(folder / "deep/er/file").ValueOrDie();
    ASSERT_TRUE(WriteFileAtomically(file, bytes).ok());
    EXPECT_EQ(ReadFile(file).ValueOrDie(), bytes);
    EXPECT_EQ(BytesOf(file.path), bytes);
    EXPECT_THAT(NamesIn(folder / "deep/er"), testing::ElementsAre("file"));
  }
}

TEST(Files, NewFilesFollowTheUmask) {
  const TempFolder folder;
  const mode_t before = umask(027);
  ASSERT_TRUE(WriteFileAtomically(Resolve(folder / "file").ValueOrDie(), "x").ok());
  umask(before);
  struct stat info {};
  ASSERT_EQ(stat((folder / "file").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0640u);
}

TEST(Files, LongNamesAreWritten) {
  const TempFolder folder;
  const Location file = Resolve(folder / std::string(255, 'n')).ValueOrDie();
  EXPECT_TRUE(WriteFileAtomically(file, "x").ok());
}

TEST(Files, AFailedWriteLeavesTheOldFileAndNoTrash) {
  const TempFolder folder;
  const std::string path = folder.Write("file", "old");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1000, before.rlim_max};
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const Status status = WriteFileAtomically(Resolve(path).ValueOrDie(), std::string(5000, 'n'));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(status.message(), HasSubstr("cannot write " + path + ": File too large"));
  EXPECT_EQ(BytesOf(path), "old");
  EXPECT_THAT(NamesIn(folder.path()), testing::ElementsAre("file"));
}

TEST(Files, WritingWhereNoFileCanBeIsOneClearLine) {
  const TempFolder folder;
  folder.Write("file", "x");
  EXPECT_THAT(WriteFileAtomically(Resolve(folder / "file/below").ValueOrDie(), "y").message(),
              HasSubstr("cannot write " + folder / "file/below" + ": Not a directory"));
  std::filesystem::create_directory(folder / "folder");
  EXPECT_THAT(WriteFileAtomically(Resolve(folder / "folder").ValueOrDie(), "y").message(),
              HasSubstr("Is a directory"));
  EXPECT_THAT(NamesIn(folder.path()), testing::UnorderedElementsAre("file", "folder"));
}

TEST(Files, ReadersSeeTheOldOrTheNewFileNeverAPart) {
  const TempFolder folder;
  const Location file = Resolve(folder / "file").ValueOrDie();
  const std::string first(200'000, 'a'), second(300'000, 'b');
  ASSERT_TRUE(WriteFileAtomically(file, first).ok());
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(WriteFileAtomically(file, i % 2 == 0 ? second : first).ok());
  });
  for (int i = 0; i < 200; ++i) {
    const std::string seen = ReadFile(file).ValueOrDie();
    ASSERT_TRUE(seen == first || seen == second);
  }
  writer.join();
}

TEST(Files, ACopyHasTheSameBytesAndItsFolderIsMade) {
  const TempFolder folder;
  const Location from = Resolve(folder.Write("file", "some bytes")).ValueOrDie();
  const Location to = Resolve(folder / "deep/er/copy").ValueOrDie();
  ASSERT_TRUE(CopyFile(from, to).ok());
  EXPECT_EQ(BytesOf(from.path), "some bytes");
  EXPECT_EQ(BytesOf(to.path), "some bytes");
  EXPECT_THAT(NamesIn(folder / "deep/er"), testing::ElementsAre("copy"));
  EXPECT_FALSE(CopyFile(Resolve(folder / "gone").ValueOrDie(), Resolve(folder / "other").ValueOrDie()).ok());
  EXPECT_THAT(NamesIn(folder.path()), testing::UnorderedElementsAre("file", "deep"))
      << "nothing is left of it";
}

TEST(Files, ManyThreadsMakeFilesInTheSameNewFolder) {
  const TempFolder folder;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const Location file = Resolve(folder / fmt::format("cell={}/year/f{}", i, t)).ValueOrDie();
        ASSERT_TRUE(WriteFileAtomically(file, "x").ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(NamesIn(folder / "cell=7/year").size(), 8u);
}

TEST(Files, SyncsAFolder) {
  const TempFolder folder;
  EXPECT_TRUE(SyncToDisk(Resolve(folder.path()).ValueOrDie()).ok());
  EXPECT_THAT(SyncToDisk(Resolve(folder / "none").ValueOrDie()).message(), HasSubstr("No such file"));
}

TEST(Files, CheckWritableMakesTheFolderAndLeavesNothing) {
  const TempFolder folder;
  EXPECT_TRUE(CheckWritable(Resolve(folder / "a/b").ValueOrDie()).ok());
  EXPECT_TRUE(NamesIn(folder / "a/b").empty());
}

TEST(Files, CheckWritableSaysWhyNot) {
  const TempFolder folder;
  folder.Write("file", "x");
  const Status below_file = CheckWritable(Resolve(folder / "file").ValueOrDie());
  EXPECT_THAT(below_file.message(), HasSubstr("no files can be made in " + folder / "file"));
  EXPECT_THAT(below_file.message(), HasSubstr("Not a directory"));
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  std::filesystem::create_directory(folder / "closed");
  std::filesystem::permissions(folder / "closed", std::filesystem::perms::owner_read);
  EXPECT_THAT(CheckWritable(Resolve(folder / "closed").ValueOrDie()).message(),
              HasSubstr("Permission denied"));
}

}  // namespace
}  // namespace earthcatalog::io
