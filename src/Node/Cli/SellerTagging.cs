using FederationNode.Node.Sellers;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Cli;

/// <summary>Tags the one identifier of a command line.</summary>
internal static class SellerTagging
{
    /// <summary>The identifier given, or the first line of standard input.</summary>
    public static string ReadRaw(string argument) => argument != "-"
        ? argument
        : Console.In.ReadLine()?.Trim() ?? throw new CliException(ExitCode.Usage, "Standard input is empty: the identifier is expected there.");

    /// <summary>The identifier's tag, and behind it those of what it also stands for.</summary>
    /// <exception cref="CliException">There is no such type or epoch, or the identifier is none of the type.</exception>
    public static async Task<IReadOnlyList<SchemedTag>> TagAsync(
        SellerEvaluator evaluate, string type, int epoch, string raw, string? region, CancellationToken cancel)
    {
        var sellers = new[] { new RawSeller(ParseType(type), raw, region) };
        var tagged = (await SellerTagger.TagAsync(evaluate, CheckEpoch(epoch), sellers, cancel))[0];
        return tagged.Error is not { } error ? tagged.Tags
            : throw new CliException(ExitCode.Refused, tagged.LacksKey ? error : $"The identifier is no {type}: {error}");
    }

    /// <summary>Reads the option <c>--type</c>.</summary>
    public static SellerIdentifierType ParseType(string type) => SellerIdentifierType.TryParse(type, out var parsed, out var error)
        ? parsed
        : throw new CliException(ExitCode.Usage, $"--type: {error}");

    /// <summary>The option <c>--epoch</c>, if it can be one.</summary>
    public static int CheckEpoch(int epoch) => epoch is >= 1 and <= SellerScheme.MaxEpoch
        ? epoch
        : throw new CliException(ExitCode.Usage, $"--epoch: an epoch is a number from 1 to {SellerScheme.MaxEpoch}.");
}
