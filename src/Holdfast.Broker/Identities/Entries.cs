namespace Holdfast.Broker.Identities;

/// <summary>A product as the registry has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Revision">Its revision; 0 for the product <c>default</c> while nothing was said about it.</param>
/// <param name="Document">What it says.</param>
public sealed record ProductEntry(string Name, long Revision, ProductDocument Document);

/// <summary>A device as the registry has it.</summary>
/// <param name="Product">Its product.</param>
/// <param name="Id">Its id.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="Document">What it says.</param>
public sealed record DeviceEntry(string Product, string Id, long Revision, DeviceDocument Document);

/// <summary>An API token as the registry has it.</summary>
/// <param name="Product">Its product, or <see cref="IdentityRegistry.AllProducts"/>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="Document">What it says.</param>
public sealed record TokenEntry(string Product, string Name, long Revision, TokenDocument Document);
