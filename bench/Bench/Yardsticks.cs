using System.Diagnostics;
using System.Security.Cryptography;
using FederationNode.Protocol.Keys;

namespace FederationNode.Bench;

/// <summary>
/// What this machine can do at best: a durable append waits for one fsync and one signature, whatever the program does.
/// </summary>
internal static class Yardsticks
{
    private const int Syncs = 200;
    private const int Signatures = 5_000;

    // SQLite's write-ahead log takes a page and its frame header for the smallest commit.
    private const int SmallestCommit = 4096 + 24;

    public static void Run(int rounds)
    {
        var (syncs, signs, verifies) = (new List<double>(), new List<double>(), new List<double>());
        using var key = SigningKey.FromSeed("bench/alpha/indicators/1", RandomNumberGenerator.GetBytes(SigningKey.SeedSize));
        var message = RandomNumberGenerator.GetBytes(128);
        for (var round = 0; round <= rounds; round++)
        {
            var sync = MeasureSyncs();
            var signature = key.Sign(message);
            var sign = Rate(Signatures, () => key.Sign(message));
            var verify = Rate(Signatures, () =>
            {
                if (!key.VerificationKey.Verify(message, signature))
                {
                    throw new InvalidOperationException("A good signature was refused.");
                }
            });
            if (round > 0)
            {
                syncs.Add(sync);
                signs.Add(sign);
                verifies.Add(verify);
            }
        }

        Figure.Print("limit: fsync of a file grown by one page", "/s", syncs);
        Figure.Print("limit: Ed25519 signatures of 128 bytes, one core", "/s", signs);
        Figure.Print("limit: Ed25519 verifications of 128 bytes, one core", "/s", verifies);
    }

    private static double MeasureSyncs()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Options = FileOptions.DeleteOnClose,
            BufferSize = 0,
        };
        using var file = new FileStream(path, options);
        var page = new byte[SmallestCommit];
        return Rate(Syncs, () =>
        {
            file.Write(page);
            file.Flush(flushToDisk: true);
        });
    }

    private static double Rate(int count, Action work)
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < count; i++)
        {
            work();
        }

        return count / watch.Elapsed.TotalSeconds;
    }
}
