using System.Collections.Immutable;
using System.CommandLine;
using FederationNode.Node.Folder;
using FederationNode.Node.Sellers;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Cli;

/// <summary>
/// <c>fednode seller-keys deal</c>: the secretariat deals keys for seller tags to several holders and publishes who they are.
/// It knows the keys while it does so, which a ceremony would spare it; docs/adr/0024.
/// </summary>
internal static class DealKeysVerb
{
    public static Verb Create()
    {
        var data = new Option<string>("--data") { Description = "The folder of the secretariat's node, running or stopped.", HelpName = "DIR", Required = true };
        var holders = new Option<string[]>("--holders") { Description = "The members that get a share, with commas between them, 1 to 32; best five in different jurisdictions.", HelpName = "NAMES", Required = true, AllowMultipleArgumentsPerToken = false };
        var threshold = new Option<int?>("--threshold") { Description = "How many of them make a tag together. Default: more than half, so 3 of 5.", HelpName = "T" };
        var types = SellerTypes.Option();
        types.Description = "The kinds of seller identifiers whose keys are dealt, with commas between them. Keys that the secretariat holds whole stay what they are, and so do tags; for others new ones are made.";
        var epoch = new Option<int>("--epoch") { Description = "The epoch of the keys.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var to = new Option<string>("--out") { Description = "A new folder for the sealed shares, one folder a holder, and the passphrases.", HelpName = "DIR", Required = true };
        var verb = new Verb(
            "deal",
            "Deals the keys for seller tags to holders: writes each holder's shares, sealed under a passphrase of its own, and "
                + "publishes the roster that names the holders. The dealer knows every key until it has erased it.",
            "fednode seller-keys deal --data ./secretariat --holders secretariat,wwf,traffic,acme,globex --out ./shares",
            "fednode seller-keys deal --data ./secretariat --holders wwf,traffic,acme --seller-types acct:taobao --out ./shares",
            "fednode seller-keys install ./shares/acme --data ./acme --passphrase ./shares/acme.passphrase")
        {
            data, holders, threshold, types, epoch, to,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var names = parsed.GetRequiredValue(holders)
                .SelectMany(v => v.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                .ToImmutableArray();
            var request = new Request(
                names,
                parsed.GetValue(threshold) ?? ((names.Length / 2) + 1),
                SellerTypes.Parse(parsed.GetRequiredValue(types)),
                SellerTagging.CheckEpoch(parsed.GetValue(epoch)),
                Path.GetFullPath(parsed.GetRequiredValue(to)));
            var folder = new NodeFolder(parsed.GetRequiredValue(data));
            var roster = await DealAsync(folder, request, cancel);
            Print(output, request, roster);
            return ExitCode.Done;
        });
        return verb;
    }

    private static async Task<RosterDocument> DealAsync(NodeFolder folder, Request request, CancellationToken cancel)
    {
        NextRoster.RequireSecretariat(folder, "deals keys");
        var config = folder.ReadConfig();
        var current = NextRoster.ReadCurrent(folder);
        RequireHolders(current, request);
        if (Directory.Exists(request.Out) && Directory.EnumerateFileSystemEntries(request.Out).Any() || File.Exists(request.Out))
        {
            throw new CliException(ExitCode.BadFolder, $"{request.Out} is not empty: choose another folder for the shares.");
        }

        using var passphrase = SharePassphrase.OfNodeOrNew(folder, config);
        var dealings = new List<KeyDealing>();
        try
        {
            foreach (var type in request.Types)
            {
                dealings.Add(DealOne(folder, passphrase, current, request, new SellerScheme(type, request.Epoch)));
            }

            var next = NextRoster.WithKeys(current, [.. dealings.Select(d => SellerKey.Of(d.Key))]);

            // Checked before anything is written, and published when the shares are safe.
            var note = NextRoster.Sign(folder, current, next);
            WriteShares(folder, passphrase, request, dealings);
            await NextRoster.PublishAsync(folder, next.Version, note, cancel);
            EraseFormer(folder, dealings);
            return next;
        }
        finally
        {
            dealings.ForEach(d => d.Dispose());
        }
    }

    private static void RequireHolders(RosterDocument current, Request request)
    {
        if (request.Threshold < 1 || request.Threshold > request.Holders.Length)
        {
            throw new CliException(
                ExitCode.Usage, $"--threshold must be 1 to the number of holders, {request.Holders.Length}, not {request.Threshold}.");
        }

        foreach (var holder in request.Holders)
        {
            if (current.Member(holder) is not { Status: MemberStatus.Active } member)
            {
                throw new CliException(ExitCode.Refused, $"--holders: {holder} is no active member of {current.Coalition}.");
            }

            if (member.Endpoint.Length == 0)
            {
                throw new CliException(
                    ExitCode.Refused, $"--holders: {holder} only dials, and others must be able to ask a holder: choose another member.");
            }
        }
    }

    /// <summary>Deals a key that this node holds whole, or a new one where the roster has none.</summary>
    private static KeyDealing DealOne(
        NodeFolder folder, SharePassphrase passphrase, RosterDocument current, Request request, SellerScheme scheme)
    {
        if (current.SellerKeyOf(scheme.Type.Name, scheme.Epoch) is not { } named)
        {
            return Dealer.Deal(scheme, request.Holders, request.Threshold, whole: null);
        }

        if (!named.TryOpen(out var key, out var fault))
        {
            throw new CliException(ExitCode.Refused, fault);
        }

        if (!named.IsWhole)
        {
            throw new CliException(
                ExitCode.Refused,
                $"The key {scheme} is held by {string.Join(", ", named.Holders)}, {named.Threshold} of {named.Holders.Length}, and nobody has it "
                    + $"whole to deal it again: make keys of the next epoch with --epoch {scheme.Epoch + 1}, or leave it out with --seller-types.");
        }

        var file = ShareFiles.PathOf(folder.SellerKeyFolder, key);
        if (!File.Exists(file))
        {
            throw new CliException(ExitCode.BadFolder, $"{file} is missing, the key {scheme}: bring it back from a copy.");
        }

        using var whole = ShareFiles.Read(file, passphrase, Origin.Secretariat);
        return Dealer.Deal(scheme, request.Holders, request.Threshold, whole.Secret);
    }

    /// <summary>The secretariat's own shares go into its folder, those of the others where they are fetched from.</summary>
    private static void WriteShares(NodeFolder folder, SharePassphrase own, Request request, List<KeyDealing> dealings)
    {
        NodeFolder.CreateFolder(request.Out);
        NodeFolder.CreateFolder(folder.SellerKeyFolder);
        for (var i = 0; i < request.Holders.Length; i++)
        {
            var holder = request.Holders[i];
            if (holder == Origin.Secretariat)
            {
                dealings.ForEach(d => ShareFiles.Write(folder.SellerKeyFolder, d.Shares[i], own));
                continue;
            }

            using var passphrase = SharePassphrase.Make();
            var shares = Path.Combine(request.Out, holder);
            NodeFolder.CreateFolder(shares);
            dealings.ForEach(d => ShareFiles.Write(shares, d.Shares[i], passphrase));
            passphrase.Write(request.PassphraseOf(holder));
        }
    }

    /// <summary>What the secretariat held of these keys before, whole: of no use any more, and a danger.</summary>
    private static void EraseFormer(NodeFolder folder, List<KeyDealing> dealings)
    {
        foreach (var dealing in dealings)
        {
            var kept = ShareFiles.PathOf(folder.SellerKeyFolder, dealing.Key);
            foreach (var file in ShareFiles.Of(folder.SellerKeyFolder, dealing.Key.Scheme).Where(f => f != kept))
            {
                File.Delete(file);
            }
        }
    }

    private static void Print(Output output, Request request, RosterDocument roster)
    {
        string[] others = [.. request.Holders.Where(h => h != Origin.Secretariat)];
        output.Json(new
        {
            version = roster.Version,
            threshold = request.Threshold,
            holders = request.Holders,
            keys = request.Types.Select(t => new SellerScheme(t, request.Epoch).ToString()),
            shares = others.Select(h => new { holder = h, folder = Path.Combine(request.Out, h), passphrase = request.PassphraseOf(h) }),
        });
        output.Line(
            $"Roster version {roster.Version}: {request.Threshold} of {request.Holders.Length} holders make the tags for "
            + $"{string.Join(", ", request.Types)}, epoch {request.Epoch}.");
        output.Table(
            ["holder", "shares", "passphrase"],
            others.Select(h => (IReadOnlyList<string>)[h, Path.Combine(request.Out, h), request.PassphraseOf(h)]));
        output.Line("Send each holder its folder, and its passphrase over another channel. It installs them with");
        output.Line("  fednode seller-keys install SHARES --data NODE --passphrase FILE");
        output.Line($"Until {request.Threshold} have, no tag can be made. Then destroy {request.Out} and every copy of the former keys:");
        output.Line("whoever has them can make any tag. That they are destroyed can be believed, not shown.");
    }

    /// <summary>What the command line asks for.</summary>
    private sealed record Request(
        ImmutableArray<string> Holders, int Threshold, IReadOnlyList<SellerIdentifierType> Types, int Epoch, string Out)
    {
        public string PassphraseOf(string holder) => Path.Combine(Out, holder + ".passphrase");
    }
}
