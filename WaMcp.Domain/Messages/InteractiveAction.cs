using System.Text.Json.Serialization;

namespace WaMcp.Domain.Messages;

/// <summary>What the person can tap.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(Buttons), "button")]
[JsonDerivedType(typeof(Menu), "list")]
[JsonDerivedType(typeof(Link), "cta_url")]
[JsonDerivedType(typeof(ContactRequest), "request_contact_info")]
public abstract record InteractiveAction
{
    private InteractiveAction()
    {
    }

    /// <summary>Up to three buttons; a tap is a message with the button's id and title.</summary>
    /// <param name="Items">The buttons.</param>
    public sealed record Buttons(IReadOnlyList<Button> Items) : InteractiveAction;

    /// <summary>One button.</summary>
    /// <param name="Id">What comes back with the tap; the person does not see it.</param>
    /// <param name="Title">What it says.</param>
    public sealed record Button(string Id, string Title);

    /// <summary>A menu behind one button.</summary>
    /// <param name="Opener">What the button says.</param>
    /// <param name="Sections">What the menu holds.</param>
    public sealed record Menu(string Opener, IReadOnlyList<Section> Sections) : InteractiveAction;

    /// <summary>A part of a menu.</summary>
    /// <param name="Title">What stands above it; needed when there are several.</param>
    /// <param name="Rows">What can be chosen.</param>
    public sealed record Section(string? Title, IReadOnlyList<Row> Rows);

    /// <summary>A line of a menu.</summary>
    /// <param name="Id">What comes back with the choice.</param>
    /// <param name="Title">What it says.</param>
    /// <param name="Description">What it says below.</param>
    public sealed record Row(string Id, string Title, string? Description = null);

    /// <summary>A button that opens a page.</summary>
    /// <param name="Title">What it says.</param>
    /// <param name="Url">The page.</param>
    public sealed record Link(string Title, string Url) : InteractiveAction;

    /// <summary>Asks the person to share their phone number.</summary>
    public sealed record ContactRequest : InteractiveAction;
}
