"""The app's navigation, from the list of pages."""

import streamlit as st

from pages import PAGES
from pages.ui import warm

st.set_page_config(page_title="PRH Explorer", page_icon="🏛️", layout="wide")

page = st.navigation(
    [
        st.Page(page.script, title=page.title, url_path=page.url, default=not page.url)
        for page in PAGES
    ]
)
warm.up()
page.run()
