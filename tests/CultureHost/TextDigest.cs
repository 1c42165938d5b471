using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Text;

namespace FederationNode.CultureHost;

/// <summary>
/// A digest of what the normaliser, the keyword engine and the rules of seller identifiers make of a folder's texts:
/// <c>keywords.json</c> and <c>cases.jsonl</c> as the evasion suite has them, <c>normalization.txt</c> as Unicode has it, and
/// <c>sellers.txt</c>: type, region or "-", and the identifier's UTF-16 units in hexadecimal, with tabs between them.
/// </summary>
public static class TextDigest
{
    /// <summary>Computes it, under the current culture.</summary>
    /// <param name="folder">The folder.</param>
    public static string Of(string folder)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var engine = EngineOf(Path.Combine(folder, "keywords.json"));
        var hits = new List<KeywordHit>();
        foreach (var text in CasesIn(Path.Combine(folder, "cases.jsonl")).Concat(ColumnsIn(Path.Combine(folder, "normalization.txt"))))
        {
            Append(sha, Wlnorm.Normalize(text));
            hits.Clear();
            engine.Find(text, hits);
            foreach (var hit in hits)
            {
                Append(sha, [hit.RuleId, hit.Start, hit.Length, (int)hit.Evasions]);
            }
        }

        foreach (var line in File.ReadLines(Path.Combine(folder, "sellers.txt")))
        {
            var (type, region, raw) = line.Split('\t') is [var t, var r, var units] ? (t, r, units) : ("", "", "");
            if (!SellerIdentifierType.TryParse(type, out var parsed, out var unknown))
            {
                throw new InvalidDataException($"{line}: {unknown}");
            }

            Append(sha, SellerIdentifier.TryCanonicalize(
                parsed, Text(raw), region == "-" ? null : region, out var identifier, out var error)
                ? identifier.Canonical : error);
        }

        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }

    private static KeywordEngine EngineOf(string file)
    {
        using var keywords = JsonDocument.Parse(File.ReadAllText(file));
        var engine = new KeywordEngine(0x5EED);
        foreach (var (id, keyword) in keywords.RootElement.EnumerateArray().Index())
        {
            ImmutableArray<string> Terms(string name) => [.. keyword.GetProperty(name).EnumerateArray().Select(t => t.GetString()!)];
            var match = keyword.GetProperty("match").GetString() switch
            {
                "auto" => KeywordMatch.ByScript,
                "word" => KeywordMatch.Word,
                "substring" => KeywordMatch.Substring,
                "prefix" => KeywordMatch.Prefix,
                var other => throw new InvalidDataException($"There is no match mode {other}."),
            };
            if (!engine.Add(new KeywordRule(
                id,
                keyword.GetProperty("text").GetString()!,
                match,
                Terms("anyOf"),
                Terms("allOf"),
                Terms("noneOf"),
                keyword.GetProperty("window").GetInt32())))
            {
                throw new InvalidDataException($"Keyword {id} cannot be found.");
            }
        }

        return engine;
    }

    private static IEnumerable<string> CasesIn(string file)
    {
        foreach (var line in File.ReadLines(file))
        {
            using var document = JsonDocument.Parse(line);
            yield return document.RootElement.GetProperty("text").GetString()!;
        }
    }

    private static IEnumerable<string> ColumnsIn(string file) =>
        File.ReadLines(file).Where(l => l.Length > 0 && l[0] is not ('#' or '@')).SelectMany(l => l.Split(';')[..5].Distinct()).Select(
            column => string.Concat(column.Split(' ').Select(point => char.ConvertFromUtf32(Number(point)))));

    private static string Text(string units) =>
        string.Concat(units.Chunk(4).Select(unit => (char)Number(new string(unit))));

    private static int Number(string hex) => int.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static void Append(IncrementalHash sha, string text)
    {
        Append(sha, [text.Length]);
        sha.AppendData(MemoryMarshal.AsBytes(text.AsSpan()));
    }

    private static void Append(IncrementalHash sha, ReadOnlySpan<int> numbers)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        foreach (var number in numbers)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
            sha.AppendData(bytes);
        }
    }
}
