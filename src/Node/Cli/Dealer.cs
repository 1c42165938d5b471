using System.Collections.Immutable;
using System.Security.Cryptography;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Cli;

/// <summary>Deals keys for seller tags with this machine's randomness.</summary>
internal static class Dealer
{
    /// <summary>Deals a key, a new one or one that is at hand whole.</summary>
    /// <exception cref="CliException">The holders or the threshold cannot be.</exception>
    public static KeyDealing Deal(SellerScheme scheme, ImmutableArray<string> holders, int threshold, VoprfSecretKey? whole)
    {
        var random = RandomNumberGenerator.GetBytes(KeyDealing.RandomSize(threshold));
        try
        {
            return KeyDealing.TryDeal(scheme, holders, threshold, whole, random, out var dealing, out var error)
                ? dealing
                : throw new CliException(ExitCode.Usage, error);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(random);
        }
    }
}
