using System.CommandLine;
using FederationNode.Node.Folder;
using FederationNode.Node.Sellers;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode seller-keys install</c>: a holder takes its shares.</summary>
internal static class InstallSharesVerb
{
    public static Verb Create()
    {
        var shares = new Argument<string>("DIR") { Description = "The folder with this member's sealed shares (*.share)." };
        var data = new Option<string>("--data") { Description = "The folder of the holder's node.", HelpName = "DIR", Required = true };
        var passphrase = new Option<string>("--passphrase") { Description = "The file with the passphrase under which the shares come; the secretariat gives it over another channel.", HelpName = "FILE", Required = true };
        var verb = new Verb(
            "install",
            "Takes this member's shares of keys for seller tags into its node, sealed under the node's own passphrase. A running "
                + "node uses them from then on. Delete what came.",
            "fednode seller-keys install ./acme-shares --data ./acme --passphrase ./acme.passphrase")
        {
            shares, data, passphrase,
        };
        verb.Does((parsed, output, _) =>
        {
            var folder = new NodeFolder(parsed.GetRequiredValue(data));
            var from = parsed.GetRequiredValue(shares);
            var keys = Install(folder, from, parsed.GetRequiredValue(passphrase));
            output.Json(new { folder = folder.Path, keys = keys.Select(k => new { scheme = k.Scheme.ToString(), k.Threshold, k.Holders, digest = k.Digest.ToString() }) });
            output.Table(
                ["key", "threshold", "holders", "digest"],
                keys.Select(k => (IReadOnlyList<string>)
                    [k.Scheme.ToString(), $"{k.Threshold} of {k.Holders.Length}", string.Join(", ", k.Holders), k.Digest.ToString()[..16]]));
            output.Line($"The shares lie sealed in {folder.SellerKeyFolder}. Delete {from} and the passphrase that came with it.");
            return Task.FromResult(ExitCode.Done);
        });
        return verb;
    }

    private static List<SharedKey> Install(NodeFolder folder, string from, string passphraseFile)
    {
        var config = folder.ReadConfig();
        var files = ShareFiles.All(from);
        if (files.Count == 0)
        {
            throw new CliException(ExitCode.BadFolder, $"{from} holds no shares ({ShareFiles.Pattern}).");
        }

        // All are opened before any is written, so that a refused folder leaves nothing behind.
        using var passphrase = SharePassphrase.Read(passphraseFile);
        var shares = new List<KeyShare>();
        try
        {
            foreach (var file in files)
            {
                shares.Add(ShareFiles.Read(file, passphrase, config.Member));
            }

            NodeFolder.CreateFolder(folder.SellerKeyFolder);
            using var own = SharePassphrase.OfNodeOrNew(folder, config);
            shares.ForEach(s => ShareFiles.Write(folder.SellerKeyFolder, s, own));
            return shares.ConvertAll(s => s.Key);
        }
        finally
        {
            shares.ForEach(s => s.Dispose());
        }
    }
}
