using System.Diagnostics;
using System.Globalization;
using System.Text;
using FederationNode.CultureHost;
using FederationNode.Protocol.Tests.Sellers;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Protocol.Tests.Text;

/// <summary>
/// The normaliser, the keyword engine and the rules of seller identifiers give the same whatever the culture, with ICU and
/// without: each in a process of its own, as the mode is chosen at its start.
/// </summary>
public sealed class CultureTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fednode-culture-").FullName;

    public CultureTests()
    {
        var suite = Path.Combine(TestFiles.Repository, "tests", "Matching.Tests", "Evasion");
        File.Copy(Path.Combine(suite, "keywords.json"), Path.Combine(_folder, "keywords.json"));
        File.Copy(Path.Combine(suite, "cases.jsonl"), Path.Combine(_folder, "cases.jsonl"));
        File.Copy(
            Path.Combine(TestFiles.Repository, "data", "unicode", "NormalizationTest.txt"),
            Path.Combine(_folder, "normalization.txt"));
        File.WriteAllLines(
            Path.Combine(_folder, "sellers.txt"),
            SellerIdentifierCases.All.Select(row =>
                $"{row.Type}\t{(string.IsNullOrEmpty(row.Region) ? "-" : row.Region)}\t{string.Concat(row.Raw.Select(unit => ((int)unit).ToString("x4", CultureInfo.InvariantCulture)))}"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Digest_OfOtherTexts_IsAnother()
    {
        var digest = TextDigest.Of(_folder);
        File.AppendAllText(Path.Combine(_folder, "cases.jsonl"), """{"text": "İvory"}""" + "\n");
        Assert.NotEqual(digest, TextDigest.Of(_folder));
    }

    [Fact]
    public async Task Digest_InInvariantMode_IsThatOfThisProcess() =>
        Assert.Equal([$"- {Probe("I1.5")} {TextDigest.Of(_folder)}"], await RunAsync(invariant: true, "-"));

    [IcuFact]
    public async Task Digest_WithIcuUnderAnyCulture_IsThatOfThisProcess()
    {
        (string Culture, string Probe)[] expected =
        [
            ("-", "I1.5"), ("tr-TR", "İ1,5"), ("th-TH", "I1.5"), ("zh-CN", "I1.5"), ("ar-SA", "I1\u066B5"), ("de-DE", "I1,5"),
            ("lt-LT", "I1,5"), ("az-Latn-AZ", "İ1,5"),
        ];
        var digest = TextDigest.Of(_folder);

        var lines = await RunAsync(invariant: false, [.. expected.Select(e => e.Culture)]);

        // The probes show that the cultures were really there, and not only their names.
        Assert.Equal(expected.Select(e => $"{e.Culture} {Probe(e.Probe)} {digest}"), lines);
    }

    private static string Probe(string text) => Convert.ToHexString(Encoding.UTF8.GetBytes(text));

    private async Task<string[]> RunAsync(bool invariant, params string[] cultures)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "FederationNode.CultureHost.dll");
        var info = new ProcessStartInfo("dotnet", [program, _folder, .. cultures])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = invariant ? "1" : "0";
        info.Environment["LC_ALL"] = "tr_TR.UTF-8";
        using var process = Process.Start(info)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}. {await errors}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
