using FederationNode.Protocol.Tests.Generators;

namespace FederationNode.Protocol.Tests.Entries;

/// <summary>One plain valid payload of each kind, item by item, for tests that change one item.</summary>
internal static class ValidPayloads
{
    public static IReadOnlyList<string> Kinds { get; } =
        ["listing", "withdrawal", "opinion", "tally", "erase", "heartbeat", "receipt", "erasure", "evaluations", "roster"];

    public static byte[] Hash { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    /// <summary>New arrays each time, free to be changed.</summary>
    public static object?[] Items(string kind) => kind switch
    {
        "listing" => Listing("keyword", "wlnorm/1", "elfenbein"u8.ToArray(), Context()),
        "withdrawal" => [1, Hash, "error"],
        "opinion" => [1, Hash, "alpha", "dispute", "false-positive"],
        "tally" => [1, 20_000, "ivory", 3, 2, 1],
        "erase" => [1, 7, "legal"],
        "heartbeat" => [1, new object?[] { Head() }],
        "receipt" => [1, new object?[] { (object?[])[.. Head(), 1_790_000_000_000L] }],
        "erasure" => [1, new object?[] { (object?[])["demo/alpha/indicators/1", 5, 1_790_000_000_000L] }],
        "evaluations" => [1, 20_000, new object?[] { (object?[])["alpha", "tel", 1, 300, 20] }],
        "roster" => [1, "a note"u8.ToArray()],
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    public static object?[] Listing(string kind, string scheme, byte[] value, object?[]? context) =>
    [
        1, kind, scheme, value, "ivory", "Loxodonta africana", "I", 2, 90, "block", 1_790_000_000,
        new object?[] { "DE" }, new object?[] { "antique-pre-1947" }, "amber", Hash, context,
    ];

    public static object?[] Context() =>
        ["de", "word", new object?[] { "zahn" }, new object?[] { "verkauf" }, new object?[] { "kunst" }, 100];

    public static object?[] Head() => ["demo/alpha/indicators/1", 5, Hash];

    public static byte[] Bytes(string kind) => Pack.Sequence((object)Items(kind));
}
