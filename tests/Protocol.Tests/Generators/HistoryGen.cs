using CsCheck;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Tests.Merge;

namespace FederationNode.Protocol.Tests.Generators;

/// <summary>
/// Histories of a small coalition: three members with two epochs each, few indicators, so that entries meet in the same
/// cells, and erase entries that hit winners, losers, heartbeats, each other and nothing.
/// </summary>
internal static class HistoryGen
{
    public static IReadOnlyList<string> Members { get; } = ["alpha", "beta", "secretariat"];

    public static IReadOnlyList<Indicator> Indicators { get; } =
    [
        Indicator.Keyword("elfenbein"),
        Indicator.Keyword("\u8c61\u7259"),
        new(IndicatorKind.ImagePdq, IndicatorScheme.Pdq1, new byte[32]),
    ];

    public static Gen<LogEntry[]> Histories { get; } = Gen.Select(
            Gen.Int[0, 2], Gen.Int[1, 2], Gen.Int[0, 9], Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[0, 1000])
        .Array[0, 40].Select(Build);

    /// <summary>The entries in any order, some of them more than once.</summary>
    public static Gen<LogEntry[]> Arrivals(LogEntry[] entries) =>
        Gen.Int[0, 2].Array[entries.Length]
            .SelectMany(repeats => Gen.Shuffle((LogEntry[])
                [.. entries.Zip(repeats).SelectMany(p => Enumerable.Repeat(p.First, 1 + p.Second))]));

    private static LogEntry[] Build((int Member, int Epoch, int Kind, int Indicator, int Variant, int Number)[] steps)
    {
        var logs = new Dictionary<(int, int, string), Log>();
        var sizes = new Dictionary<Log, long>();
        var entries = new List<LogEntry>();
        foreach (var step in steps)
        {
            var log = logs.GetValueOrDefault((step.Member, step.Epoch, LogOf(step.Kind)))
                ?? (logs[(step.Member, step.Epoch, LogOf(step.Kind))] = new Log(Members[step.Member], LogOf(step.Kind), step.Epoch));
            var size = sizes.GetValueOrDefault(log);
            entries.Add(log.Append(PayloadOf(step, size)));
            sizes[log] = size + 1;
        }

        return [.. entries];
    }

    private static string LogOf(int kind) => kind switch { 8 => Origin.Receipts, 9 => Origin.RosterLog, _ => Origin.Indicators };

    private static Payload PayloadOf((int Member, int Epoch, int Kind, int Indicator, int Variant, int Number) step, long index)
    {
        var indicator = Indicators[step.Indicator];
        return step.Kind switch
        {
            0 or 1 => Log.Listing(indicator, step.Variant),
            2 => new WithdrawalPayload(indicator.Id, "error"),
            3 => new OpinionPayload(indicator.Id, Lister(step.Variant), ((string[])["confirm", "dispute", "none"])[step.Number % 3], "seen-too"),
            4 => new TallyPayload(20_000 + (step.Variant % 2), step.Indicator == 0 ? "ivory" : "pangolin", step.Number, 0, 0),
            5 or 6 when index > 0 => new ErasePayload(step.Number % index, "legal"),
            8 => new ReceiptPayload([]),
            9 => new RosterPayload(new byte[] { 1 }),
            _ => new HeartbeatPayload([]),
        };
    }

    private static string Lister(int variant) => variant == 3 ? "" : Members[variant];
}
